// kerasbert FILE TEXT [SECOND TEXT]: what a file answers to a text, as JSON. Without a text it answers each line that it
// reads, with a tab before a second text.
#include <cfloat>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "kerasbert.h"

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
    json += c == '"' || c == '\\' ? std::string{'\\', c} : static_cast<unsigned char>(c) < 0x20 ? escape : std::string{c};
  }
  return json + '"';
}

std::string number(float value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", value);
  return value < FLT_MAX ? digits : "null";  // a null_score is as large as can be where there is nothing to answer with
}

std::string place(const std::string& text, size_t start, size_t end, float score) {
  return "\"text\": " + quoted(text) + ", \"start\": " + std::to_string(start) + ", \"end\": " + std::to_string(end) +
         ", \"score\": " + number(score);
}

std::string answer(kerasbert::Model& model, const std::string& text, const std::string* second) {
  const std::string kind = model.kind();
  if ((kind == "answer") != (second != nullptr) && kind != "classify")
    throw std::invalid_argument(kind == "answer" ? "a question and a context are needed" : "one text is needed");
  std::string json;
  const auto add = [&](const std::string& item) { json += (json.empty() ? "" : ", ") + item; };
  if (kind == "classify") {
    for (const auto& [label, score] : second ? model.classify(text, *second) : model.classify(text))
      add(quoted(label) + ": " + number(score));
    return "{" + json + "}";
  }
  if (kind == "answer") {
    const auto found = model.answer(text, *second);
    return "{" + place(found.text, found.start, found.end, found.score) + ", \"null_score\": " + number(found.null_score) + "}";
  }
  if (kind == "tag") {
    for (const auto& entity : model.tag(text))
      add("{\"type\": " + quoted(entity.type) + ", " + place(entity.text, entity.start, entity.end, entity.score) + "}");
  } else if (kind == "embed") {
    for (const float value : model.embed(text)) add(number(value));
  } else {
    throw std::invalid_argument("this program knows files that classify, embed, tag or answer");
  }
  return "[" + json + "]";
}

int main(int count, char** arguments) try {
  if (count < 2 || count > 4) {
    std::cerr << "kerasbert FILE [TEXT [SECOND TEXT]]\n";
    return 2;
  }
  kerasbert::Model model(arguments[1]);
  const std::string second = count == 4 ? arguments[3] : "";
  if (count > 2) std::cout << answer(model, arguments[2], count == 4 ? &second : nullptr) << "\n";
  else
    for (std::string line; std::getline(std::cin, line);) {
      const size_t tab = line.find('\t');
      const std::string rest = tab == line.npos ? "" : line.substr(tab + 1);
      std::cout << answer(model, line.substr(0, tab), tab == line.npos ? nullptr : &rest) << "\n";
    }
} catch (const std::exception& error) {
  std::cerr << "kerasbert: " << error.what() << "\n";
  return 1;
}
