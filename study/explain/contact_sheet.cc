#include "study/explain/contact_sheet.h"

#include <string_view>

#include "base/escape.h"
#include "base/text.h"

namespace apatite::study {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0 0 .4rem; }
ul { margin: .2rem 0 1rem; padding-left: 1.2rem; }
table { border-collapse: collapse; }
th, td { padding: .35rem .7rem; text-align: left; border-bottom: 1px solid #8886; vertical-align: middle; }
thead th { position: sticky; top: 0; background: Canvas; z-index: 1; }
th button { font: inherit; font-weight: 600; border: 0; background: none; color: inherit; padding: 0; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " \25B2"; }
th[aria-sort=descending] button::after { content: " \25BC"; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.note { max-width: 18rem; color: light-dark(#a00000, #ff8a80); }
td.image { max-width: 22rem; overflow-wrap: anywhere; }
tr.wrong td.class { font-weight: 700; }
img { display: block; max-width: none; }
input { font: inherit; padding: .25rem .5rem; margin-bottom: .8rem; min-width: 16rem; }
</style>
)";

// The rows sort by data-v, as numbers where both are.
constexpr std::string_view kScript = R"(<script>
const body = document.querySelector('tbody');
const rows = [...body.rows];
document.querySelectorAll('thead th').forEach((head, column) => {
  const button = head.querySelector('button');
  if (!button) return;
  button.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending';
    document.querySelectorAll('thead th').forEach(h => h.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const value = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const compare = (a, b) => {
      const x = value(a), y = value(b);
      const n = x !== '' && y !== '' ? Number(x) - Number(y) : NaN;
      return Number.isNaN(n) ? x.localeCompare(y) : n;
    };
    rows.sort((a, b) => down ? compare(b, a) : compare(a, b));
    body.append(...rows);
  });
});
document.querySelector('input').addEventListener('input', event => {
  const word = event.target.value.toLowerCase();
  for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(word);
});
</script>
)";

// Shortest text is too long to compare by eye; sorting uses data-v.
std::string four_digits(double value) {
  const std::string text = to_text(value);
  const auto point = text.find('.');
  const bool plain = point != std::string::npos && text.find('e') == std::string::npos;
  return plain ? text.substr(0, point + 5) : text;
}

std::string number_cell(double value) {
  return "<td class=\"number\" data-v=\"" + to_text(value) + "\">" + four_digits(value) + "</td>";
}

std::string cell(std::string_view kind, const std::string& text) {
  return "<td class=\"" + std::string(kind) + "\">" + escape_xml(text) + "</td>";
}

// Every byte but letters, digits and -._~/ as %XX, for a link.
std::string percent_encode(const std::string& path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      result += c;
    } else {
      result += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return result;
}

std::string picture_cell(const SheetRow& row) {
  const std::string link = "<a href=\"" + percent_encode(row.picture) + "\">";
  if (row.thumbnail.empty()) return "<td>" + link + "open</a></td>";
  return "<td>" + link + "<img alt=\"map of " + escape_xml(row.image) +
         "\" src=\"data:image/png;base64," + row.thumbnail + "\"></a></td>";
}

}  // namespace

std::string contact_sheet(const std::string& title, const std::vector<std::string>& facts,
                          const std::vector<SheetRow>& rows) {
  std::string html(kHead);
  html += "<title>" + escape_xml(title) + "</title></head><body>\n<h1>" + escape_xml(title) +
          "</h1>\n<ul>";
  for (const std::string& fact : facts) html += "<li>" + escape_xml(fact) + "</li>";
  html +=
      "</ul>\n<input type=\"search\" placeholder=\"Show rows with ...\" aria-label=\"Filter\">\n"
      "<table><thead><tr><th>Source and maps</th>";
  for (const char* name : {"Image", "Label", "Predicted", "Explained", "Score", "p", "Note"}) {
    html += std::string("<th><button type=\"button\">") + name + "</button></th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const SheetRow& row : rows) {
    const bool wrong = !row.label.empty() && row.label != row.predicted;
    html += wrong ? "<tr class=\"wrong\">" : "<tr>";
    html += picture_cell(row) + cell("image", row.image) + cell("label", row.label) +
            cell("class", row.predicted) + cell("target", row.explained) + number_cell(row.score) +
            number_cell(row.probability) + cell("note", row.note) + "</tr>\n";
  }
  html += "</tbody></table>\n";
  html += kScript;
  html += "</body></html>\n";
  return html;
}

}  // namespace apatite::study
