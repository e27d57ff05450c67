"use strict";
(() => {
  // The clipboard API exists only over TLS; the older way also works over plain HTTP.
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
  const show = (now) => {
    for (const service of now.services) {
      const badge = document.querySelector(`.state[data-url="${CSS.escape(service.url)}"]`);
      if (badge) badge.textContent = badge.dataset.state = service.state;
    }
    for (const name of now.names) {
      for (const advice of document.querySelectorAll(`.advice[data-name="${CSS.escape(name.name)}"]`)) {
        advice.dataset.ready = name.ready ? "yes" : "no";
        advice.textContent = name.ready ? "points here" : name.advice;
      }
    }
  };
  const ask = async () => {
    try {
      const answer = await fetch("/progress", { cache: "no-store" });
      if (answer.ok) show(await answer.json());
    } catch { /* asked again below */ }
    setTimeout(ask, 10000);
  };
  setTimeout(ask, 10000);
})();
