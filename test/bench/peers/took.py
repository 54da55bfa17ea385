"""What every peer on Python prints at its end."""
import json
import os
import re
import resource
import time


class Clock:
    def __init__(self):
        self.begun, self.cpu = time.perf_counter(), time.process_time()

    def print(self, load, work, answers, tokens, **more):
        seconds, cpu = time.perf_counter() - self.begun, time.process_time() - self.cpu
        first = 1000 * time.time() - float(os.environ.get("BENCH_STARTED", 1000 * time.time()))
        with open("/proc/self/status") as file:
            mapped = re.search(r"RssFile:\s+(\d+)", file.read())
        count = len(work.get("items") or work.get("prompts") or work.get("texts") or [0])
        took = {"loadMs": 1000 * load, "firstMs": first, "ms": 1000 * seconds, "cpuMs": 1000 * cpu, "count": count, "tokens": tokens}
        took["peakMemoryBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        took["mappedBytes"] = 1024 * int(mapped.group(1)) if mapped else None
        print("\n" + json.dumps({**took, "answers": answers, **more}), flush=True)
