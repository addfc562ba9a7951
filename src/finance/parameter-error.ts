/** A question that cannot be answered as asked. The message begins with the name of the parameter at fault. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly code = 'bad_parameter';
  readonly parameter: string;

  constructor(parameter: string, reason: string) {
    super(`${parameter}: ${reason}`);
    this.parameter = parameter;
  }
}
