/** The same server and log-in, another database; or another log-in, too. */
export function urlOfDatabase(url: string, database: string, login?: { user: string; password: string }): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  if (login !== undefined) {
    changed.username = login.user;
    changed.password = login.password;
  }
  return changed.href;
}
