// What happens in the browser alone: a box and its slider go together, the address follows.

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

  window.dash_clientside.explorer = {
    together: move(false),
    grows: move(true),
    seed: (opened) => (opened ? opened.seed : same()),
    // no new entry in the history for every step of a slider
    write: function (query) {
      const path = window.location.pathname + (query ? "?" + query : "");
      window.history.replaceState(window.history.state, "", path);
      return "";
    },
  };
})();
