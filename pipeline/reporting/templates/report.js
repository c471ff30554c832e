"use strict";
(() => {
  const make = (tag, text, attributes) => {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    return made;
  };
  const alphabet = new Intl.Collator(document.documentElement.lang || "en", { numeric: true });
  const number = (text) => {
    const found = text.replace(/\u2212/g, "-").replace(/,/g, "").match(/^[<>]?([+-]?\d+(\.\d+)?)/);
    return found && Number(found[1]) + (text[0] === "<" ? -1e-9 : text[0] === ">" ? 1e-9 : 0);
  };

  const sort = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const before = [...body.rows];
    const textOf = (row, column) => row.cells[column].textContent.trim();
    const order = (column, sign) => {
      const numbers = new Map(before.map((row) => [row, number(textOf(row, column))]));
      const known = before.filter((row) => numbers.get(row) !== null);
      if (2 * known.length < before.length) {
        return [...before].sort((a, b) => sign * alphabet.compare(textOf(a, column), textOf(b, column)));
      }
      known.sort((a, b) => sign * (numbers.get(a) - numbers.get(b)));
      return [...known, ...before.filter((row) => numbers.get(row) === null)];
    };
    heads.forEach((head, column) => {
      if (head.tagName !== "TH") return;
      const button = make("button", head.textContent, { type: "button" });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        if (next !== null) head.setAttribute("aria-sort", next || "ascending");
        body.append(...(next === null ? before : order(column, next ? -1 : 1)));
      });
    });
  };

  const slide = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    const id = table.id + "-slider";
    const slider = make("input", "", { type: "range", id, min: 0, max: rows.length - 1, step: 1 });
    slider.value = Math.floor(rows.length / 2);
    const label = make("label", table.dataset.slider + " ", { for: id });
    const chosen = label.appendChild(make("b", ""));
    const shown = make("dl", "");
    const values = heads.slice(1).map((head) => {
      const pair = shown.appendChild(make("div", ""));
      pair.append(make("dt", head.textContent), make("dd", ""));
      return pair.lastChild;
    });
    const choose = () => {
      rows.forEach((row) => row.removeAttribute("aria-current"));
      const row = rows[Number(slider.value)];
      row.setAttribute("aria-current", "true");
      chosen.textContent = row.cells[0].textContent;
      slider.setAttribute("aria-valuetext", row.cells[0].textContent);
      values.forEach((value, place) => { value.textContent = row.cells[place + 1].textContent; });
    };
    slider.addEventListener("input", choose);
    choose();
    const live = make("div", "", { "aria-live": "polite" });
    live.append(shown);
    const chooser = make("div", "", { class: "chooser" });
    chooser.append(label, slider, live);
    table.closest(".scroll").before(chooser);
  };

  document.querySelectorAll("table[data-slider]").forEach(slide);
  document.querySelectorAll("table[data-sorts]").forEach(sort);
})();
