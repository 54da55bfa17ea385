/** HalluQA (Cheng et al. 2023): a multiple-choice response counts when it is "Answer: X" or one letter, exactly; all else is wrong. */
export function halluqaRight(response: string, answer: string): boolean {
  const letter = answer.trim().replace(/^Answer:\s*/, '');
  const said = response.trim();
  return said.startsWith('Answer: ') ? said.slice('Answer: '.length) === letter : said.length === 1 && said === letter;
}
