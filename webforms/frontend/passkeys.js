// Passkeys: asks the browser for one and sends its answer with the form. Without JavaScript these forms stay hidden, and codes do.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const listed = (known) => (known || []).map((one) => ({ ...one, id: bytes(one.id) }));

if (window.PublicKeyCredential) for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    const says = form.querySelector("[data-says]");
    says.textContent = "";
    try {
      form.elements.passkey.value = JSON.stringify(await answer(form.dataset.passkey, JSON.parse(form.dataset.options)));
      form.requestSubmit ? form.requestSubmit() : form.submit();
    } catch (problem) {
      says.textContent = problem.name === "InvalidStateError" ? "This passkey is known here already." : "No passkey was used. Try once more, or choose another way.";
    }
  });
}

/** What the authenticator says, as the server reads it. */
async function answer(what, options) {
  const made = what === "create";
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (made) {
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = listed(options.excludeCredentials);
  } else {
    publicKey.allowCredentials = listed(options.allowCredentials);
  }
  const found = await (made ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
  const given = found.response;
  const response = { clientDataJSON: text(given.clientDataJSON) };
  if (made) response.attestationObject = text(given.attestationObject);
  else Object.assign(response, { authenticatorData: text(given.authenticatorData), signature: text(given.signature),
    userHandle: given.userHandle ? text(given.userHandle) : null });
  return { id: found.id, rawId: text(found.rawId), type: found.type, response, clientExtensionResults: {} };
}
