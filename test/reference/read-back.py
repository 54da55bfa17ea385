"""
Do the tools themselves read what `plumbline report --as inspect` and `--as lm-eval` write?

    <python with inspect_ai> test/reference/read-back.py inspect <folder or log>
    <python with lm-eval>    test/reference/read-back.py lm-eval <results_….json>
"""
import json
import pathlib
import subprocess
import sys
import tempfile

which, path = sys.argv[1], pathlib.Path(sys.argv[2])
if which == "inspect":
    from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample_summaries

    logs = [info.name for info in list_eval_logs(str(path))] if path.is_dir() else [str(path)]
    assert logs, f"no log in {path}"
    for name in logs:
        log = read_eval_log(name)
        scored = [sample for sample in log.samples or [] if sample.scores]
        summaries = read_eval_log_sample_summaries(name)
        assert log.status == "success" and len(summaries) == len(log.samples or [])
        print(log.eval.task, log.eval.model, len(log.samples or []), "samples", len(scored), "scored")
    # The viewer's own bundle holds what `inspect view` shows.
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "inspect_ai", "view", "bundle", "--log-dir", str(path if path.is_dir() else path.parent), "--output-dir", f"{folder}/view"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        assert (pathlib.Path(folder) / "view" / "index.html").exists()
    print("the viewer bundles them")
else:
    from lm_eval.utils import make_table

    results = json.loads(path.read_text())
    table = make_table(results)
    assert all(task in table for task in results["results"])
    print(table)
