(function () {
  // Sort the leaderboard by a column; without this script it stays ranked by macro-F1.
  var table = document.querySelector("table.board");
  if (table) {
    var body = table.tBodies[0], heads = table.tHead.rows[1].cells;
    Array.prototype.forEach.call(heads, function (head, i) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var up = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
        Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
        Array.prototype.slice.call(body.rows).sort(function (a, b) {
          var x = a.cells[i + 1].dataset.order, y = b.cells[i + 1].dataset.order;
          if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
          return up * (x - y);
        }).forEach(function (row) { body.appendChild(row); });
      });
    });
  }
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (fold) { fold.open = true; });
  });
})();
