/**
 * Remembers what a question was answered with, for the life of this process: a command that brings several copies up asks
 * the same for each of them. A question that failed is asked again.
 */
export class Once<Answer> {
  readonly #answers = new Map<string, Promise<Answer>>();

  ask(key: string, question: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(key);
    if (known) return known;
    const answer = question();
    this.#answers.set(key, answer);
    answer.catch(() => this.#answers.delete(key));
    return answer;
  }
}
