/**
 * An error whose message is meant for the person at the terminal: what failed, with which value, and the next step.
 * The CLI prints it without a stack; anything else is a defect and is printed with one.
 */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}
