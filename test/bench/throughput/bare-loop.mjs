// A bare undici loop: address, requests, connections. What the harness is measured against.
import { Agent, request } from 'undici';

const [base, requests, connections] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const dispatcher = new Agent({ connections });
let next = 0;
const work = async () => {
  while (next < requests) {
    const i = next++;
    const body = JSON.stringify({
      model: 'echo',
      max_tokens: 64,
      temperature: 0,
      seed: 0,
      messages: [{ role: 'user', content: `Is the number ${(i * 7919) % 1000003} odd, in your view? Consider it carefully.` }],
    });
    const answer = await request(`${base}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      dispatcher,
      body,
    });
    const { choices } = await answer.body.json();
    if (choices[0].message.content === '') throw new Error('no answer');
  }
};
await Promise.all(Array.from({ length: connections }, work));
await dispatcher.close();
