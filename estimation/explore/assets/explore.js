// What happens in the browser alone: a box and its slider go together, the address follows, answers
// are kept and read aloud.

window.dash_clientside = window.dash_clientside || {};

(function () {
  const same = () => window.dash_clientside.no_update;

  function triggered() {
    return window.dash_clientside.callback_context.triggered.map((one) => one.prop_id);
  }

  // Ends of the slider of a number that has none: a round number two to five times as large.
  function ends(number) {
    const size = Math.max(Math.abs(number || 0), 10);
    const unit = Math.pow(10, Math.floor(Math.log10(size)));
    const top = Math.ceil((2 * size) / unit) * unit;
    return [top, Math.max(1, top / 600 < unit / 1000 ? unit / 1000 : unit / 200)];
  }

  function move(grows) {
    return function (opened, box, slider) {
      const told = triggered();
      const own = told.find((one) => !one.startsWith("opened"));
      const name = window.dash_clientside.callback_context.outputs_list[0].id;
      if (told.some((one) => one.startsWith("opened")) || !own) {
        if (!opened) return [same(), same(), same(), same()];
        const value = opened[name];
        const [top, step] = ends(value);
        return [value, value, grows ? top : same(), grows ? step : same()];
      }
      if (own.startsWith(name + "-slider")) return [Number(slider), same(), same(), same()];
      // an emptied box leaves its slider where it is
      if (typeof box !== "number" || !Number.isFinite(box)) return [same(), same(), same(), same()];
      const [top, step] = ends(box);
      return [same(), box, grows ? top : same(), grows ? step : same()];
    };
  }

  // What is asked now, as the server last told it: the address, the state alone, kept answers.
  let now = null;

  // Whoever listens hears the newest answer, once a second at most.
  let words = "", saidAt = 0, saying = null;
  function announce(said) {
    words = said;
    if (saying) return;
    saying = setTimeout(function () {
      const place = document.getElementById("announced");
      saying = null;
      saidAt = Date.now();
      if (place && place.textContent !== words) place.textContent = words;
    }, Math.max(300, saidAt + 1000 - Date.now()));
  }

  function hold(kept) {
    window.dash_clientside.set_props("held", { data: { run: now.run, kept: kept } });
  }

  const MOST_KEPT = 4;

  document.addEventListener("click", function (event) {
    const button = event.target.closest && event.target.closest("button");
    if (!button || !now) return;
    if (button.id === "keep") {
      // of too many the oldest goes
      if (!now.kept.includes(now.state)) hold([...now.kept, now.state].slice(-MOST_KEPT));
    } else if (button.dataset.forget !== undefined) {
      hold(now.kept.filter((_, place) => place !== Number(button.dataset.forget)));
      document.getElementById("keep").focus(); // the button that had the focus goes
    } else if (button.dataset.back !== undefined) {
      const state = JSON.parse(button.dataset.back);
      window.dash_clientside.set_props("shape", { value: state.shape });
      window.dash_clientside.set_props("prior", { value: state.prior });
      window.dash_clientside.set_props("opened", { data: state });
    }
  });

  // Choices are built as a list to select from, with radios inside of it: radios alone are enough.
  function plainRadios() {
    document.querySelectorAll(".choice[role], .choice [role=option], .choice [aria-selected]").forEach(function (one) {
      ["role", "aria-selected", "aria-multiselectable", "tabindex"].forEach((name) =>
        one.removeAttribute(name));
    });
  }
  new MutationObserver(plainRadios).observe(document.documentElement, {
    subtree: true, childList: true, attributeFilter: ["role", "aria-selected"],
  });

  // Where the server is gone, numbers that stay must not pass for those of what was moved.
  const ask = window.fetch;
  window.fetch = function (...asked) {
    const lost = (gone) => {
      const place = document.getElementById("lost");
      if (place) place.hidden = !gone;
    };
    return ask.apply(window, asked).then(
      (answer) => { lost(answer.status >= 500); return answer; },
      (error) => { lost(true); throw error; },
    );
  };

  let addressing = null, standing = null;

  window.dash_clientside.explorer = {
    together: move(false),
    grows: move(true),
    seed: (opened) => (opened ? opened.seed : same()),
    write: function (asked) {
      if (!asked) return same();
      now = asked;
      announce(asked.said);
      // browsers take few changes of the address in a second; no new entry in the history
      clearTimeout(addressing);
      addressing = setTimeout(function () {
        const path = window.location.pathname + (asked.address ? "?" + asked.address : "");
        window.history.replaceState(window.history.state, "", path);
      }, 150);
      // what an audit would tell takes longer: it is asked once the numbers stand still
      clearTimeout(standing);
      standing = setTimeout(function () {
        window.dash_clientside.set_props("settled", { data: asked.state });
      }, 400);
      return "";
    },
  };
})();
