// Runs before the page is drawn: marks the body, so that what needs JavaScript looks right from the first moment.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");
