/** What somebody sees who has not said who it is: nothing of the workspace. */
export function Login({ said }: { readonly said: string }) {
  return (
    <main class="login">
      <h1>Coterie</h1>
      <p id="said">{said}</p>
      <p>
        <a href="/status">What runs here</a>
      </p>
    </main>
  );
}
