/** The pull ended before it was complete; the message says what is missing and why. */
export class Incomplete extends Error {
  override readonly name = "Incomplete";
}

/** The stream, which parts of the pull depend on, has been away for too long. */
export class StreamLost extends Error {
  override readonly name = "StreamLost";
}

/** A signal asked the pull to end; what it has is stored. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  constructor(readonly signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
  }
}
