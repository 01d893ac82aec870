/**
 * Statements under way at once: one that the database works on while the answers of the other are encoded here
 * (docs/decisions/010).
 */
const STATEMENTS = 2;

/** A statement without an answer for this long, in ms, waits for something: it no longer keeps others from being sent. */
const PATIENCE_MS = 20;

interface Waiting<Question, Answer> {
  readonly question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Asks the database with one statement what several requests want to know: those that came in one turn of the event loop,
 * or while statements were under way. To send, run and read a statement costs more than its answer.
 */
export class GatheredReads<Question, Answer> {
  readonly #ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  readonly #most: number;
  #waiting: Waiting<Question, Answer>[] = [];
  #underWay = 0;
  #isScheduled = false;

  /**
   * @param ask gives one answer for each question, in their order; what it throws is thrown by every read of that statement
   * @param options.most questions of one statement; with 1 each has a statement of its own, however many there are
   */
  constructor(ask: (questions: readonly Question[]) => Promise<readonly Answer[]>, { most }: { most: number }) {
    this.#ask = ask;
    this.#most = most;
  }

  /** The answer to one question, read after this call. */
  read(question: Question): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.push({ question, resolve, reject }));
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#send();
      });
    }
    return answer;
  }

  #send(): void {
    while (this.#waiting.length > 0 && (this.#underWay < STATEMENTS || this.#most === 1)) {
      void this.#answer(this.#waiting.splice(0, this.#most));
    }
  }

  async #answer(gathered: readonly Waiting<Question, Answer>[]): Promise<void> {
    const end = this.#begin();
    try {
      const answers = await this.#ask(gathered.map(({ question }) => question));
      gathered.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error(`${gathered.length} questions got ${answers.length} answers`));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of gathered) reject(error);
    } finally {
      end();
    }
  }

  /** Counts a statement as under way until the function that is returned is called, or for as long as is to be expected. */
  #begin(): () => void {
    let counts = true;
    const end = () => {
      if (!counts) return;
      counts = false;
      clearTimeout(timer);
      this.#underWay -= 1;
      this.#send();
    };
    const timer = setTimeout(end, PATIENCE_MS);
    this.#underWay += 1;
    return end;
  }
}
