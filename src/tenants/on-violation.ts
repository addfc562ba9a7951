/**
 * For `catch` behind a statement: turns the violation of a named constraint into the error that says what it means;
 * every other error goes on as it is.
 */
export function onViolation(meanings: Readonly<Record<string, (cause: unknown) => Error>>): (error: unknown) => never {
  return (error) => {
    const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined;
    const meaning = typeof constraint === 'string' ? meanings[constraint] : undefined;
    throw meaning === undefined ? error : meaning(error);
  };
}
