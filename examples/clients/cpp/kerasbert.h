// Answers texts with a file that kerasbert wrote, by LiteRT's C API: C++17 and the standard library.
//
//     kerasbert::Model model("film.tflite");  // export.to_tflite(task, "film.tflite", text=True)
//     model.classify("what a good film!");    // {{"negative", 0.02}, {"positive", 0.98}}
//
// All the work is in the file: tokens, windows over long texts, entities and answers. A client passes the code points
// of a text and reads places in it. Texts are UTF-8; `start` and `end` count its bytes. A model serves one thread.
#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "litert.h"

namespace kerasbert {

struct Entity {
  std::string text, type;
  size_t start, end;
  float score;
};

struct Answer {
  std::string text;
  size_t start, end;
  float score, null_score;  // the higher null_score, the more likely it is that the context has no answer
};

// The code points of a UTF-8 text, and the byte that each starts at. A byte that is not UTF-8 counts as U+FFFD.
struct CodePoints {
  std::vector<int32_t> points;
  std::vector<size_t> starts;

  explicit CodePoints(const std::string& text) {
    for (size_t i = 0, length; i < text.size(); i += length) {
      const auto byte = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
      const unsigned first = byte(0);
      length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
      unsigned point = length < 2 ? first : first & (0x7F >> length);
      const size_t expected = length;
      for (size_t k = 1; k < expected; ++k) {
        if ((byte(k) & 0xC0) != 0x80) length = 0;
        point = point << 6 | (byte(k) & 0x3F);
      }
      if ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10FFFF))) length = 0;
      if (length == 0) point = 0xFFFD, length = 1;
      points.push_back(static_cast<int32_t>(point));
      starts.push_back(i);
    }
    starts.push_back(text.size());
    if (points.empty()) points.push_back(0);  // a tensor has at least one element, and zeros are no text
  }
};

// A file of the ZIP archive that lies behind the model. Its files are stored as they are, not compressed.
inline std::string archived(const std::string& path, const std::string& name) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": the file cannot be opened");
  const auto read = [&](size_t at, size_t size) {
    std::string bytes(size, '\0');
    if (!file.seekg(at) || !file.read(&bytes[0], size)) throw std::runtime_error(path + ": the file is cut off");
    return bytes;
  };
  const auto number = [](const std::string& bytes, size_t at, int size) {
    size_t value = 0;
    while (size--) value = value << 8 | static_cast<unsigned char>(bytes.at(at + size));
    return value;
  };
  const size_t size = file.seekg(0, std::ios::end).tellg(), tail = std::min<size_t>(size, 22 + 65535);
  const std::string end = read(size - tail, tail);
  const size_t found = end.rfind("PK\5\6");
  if (found == end.npos)
    throw std::runtime_error(path + ": a file that takes text is needed, of to_tflite(task, path, text=True)");
  const std::string entries = read(number(end, found + 16, 4), number(end, found + 12, 4));
  for (size_t at = 0; at < entries.size();) {
    const size_t length = number(entries, at + 28, 2), header = number(entries, at + 42, 4);
    if (entries.substr(at + 46, length) == name) {
      const std::string local = read(header, 30);
      return read(header + 30 + number(local, 26, 2) + number(local, 28, 2), number(entries, at + 24, 4));
    }
    at += 46 + length + number(entries, at + 30, 2) + number(entries, at + 32, 2);
  }
  throw std::runtime_error(path + ": its archive has no " + name);
}

inline void check(LiteRtStatus status, const char* what) {
  if (status != 0) throw std::runtime_error(std::string(what) + " failed with status " + std::to_string(status));
}

// A tensor in memory that LiteRT reads or writes in place.
struct Tensor {
  struct alignas(kLiteRtAlignment) Block {
    char bytes[kLiteRtAlignment];
  };
  std::vector<Block> memory;
  std::unique_ptr<LiteRtTensorBufferT, void (*)(LiteRtTensorBuffer)> buffer{nullptr, LiteRtDestroyTensorBuffer};
  size_t size = 0;  // elements, of 4 bytes each

  Tensor(const LiteRtRankedTensorType& type, size_t room) : memory(room * 4 / sizeof(Block) + 1) {
    LiteRtTensorBuffer made = nullptr;
    check(LiteRtCreateTensorBufferFromHostMemory(&type, memory.data(), memory.size() * sizeof(Block), nullptr, &made),
          "LiteRtCreateTensorBufferFromHostMemory");
    buffer.reset(made);
  }
  template <class T>
  T* data() { return reinterpret_cast<T*>(memory.data()); }
};

class Model {
 public:
  using Answers = std::map<std::string, Tensor>;

  explicit Model(const std::string& path) {
    const std::string lines = archived(path, "labels.txt");
    for (size_t at = 0, end; (end = lines.find('\n', at)) != lines.npos; at = end + 1)
      labels_.push_back(lines.substr(at, end - at));
    const LiteRtEnvOption quiet = {kLiteRtMinLoggerSeverity, {kLiteRtAnyInt, kLiteRtSeverityError}};
    make(environment_, "LiteRtCreateEnvironment", [&](auto it) { return LiteRtCreateEnvironment(1, &quiet, it); });
    make(model_, path.c_str(), [&](auto it) { return LiteRtCreateModelFromFile(environment_.get(), path.c_str(), it); });
    make(options_, "LiteRtCreateOptions", LiteRtCreateOptions);
    check(LiteRtSetOptionsHardwareAccelerators(options_.get(), kLiteRtCpu), "LiteRtSetOptionsHardwareAccelerators");
    make(compiled_, "LiteRtCreateCompiledModel", [&](auto it) {
      return LiteRtCreateCompiledModel(environment_.get(), model_.get(), options_.get(), it);
    });
  }

  // "classify", "embed", "tag" or "answer", or "" if the file holds none of them.
  std::string kind() const {
    for (const char* kind : {"classify", "embed", "tag", "answer"})
      if (has(std::string(kind) + "_text")) return kind;
    return "";
  }

  bool has(const std::string& signature) const { return find(signature) != npos; }

  // The probability of each label.
  std::vector<std::pair<std::string, float>> classify(const std::string& text) {
    return scores(run("classify_text", {CodePoints(text).points}));
  }
  std::vector<std::pair<std::string, float>> classify(const std::string& text, const std::string& second) {
    return scores(run("classify_text_pair", {CodePoints(text).points, CodePoints(second).points}));
  }

  std::vector<float> embed(const std::string& text) {
    auto answer = run("embed_text", {CodePoints(text).points});
    const float* vector = answer.at("embedding").data<float>();
    return {vector, vector + answer.at("embedding").size};
  }

  std::vector<Entity> tag(const std::string& text) {
    const CodePoints characters(text);
    auto answer = run("tag_text", {characters.points});
    std::vector<Entity> entities;
    for (size_t i = 0; i < answer.at("start").size; ++i) {
      const size_t start = characters.starts.at(answer.at("start").data<int32_t>()[i]);
      const size_t end = characters.starts.at(answer.at("end").data<int32_t>()[i]);
      const std::string& type = labels_.at(answer.at("type").data<int32_t>()[i]);
      entities.push_back({text.substr(start, end - start), type, start, end, answer.at("score").data<float>()[i]});
    }
    return entities;
  }

  Answer answer(const std::string& question, const std::string& context) {
    const CodePoints characters(context);
    auto answer = run("answer_text", {CodePoints(question).points, characters.points});
    const size_t start = characters.starts.at(*answer.at("start").data<int32_t>());
    const size_t end = characters.starts.at(*answer.at("end").data<int32_t>());
    const float score = *answer.at("score").data<float>(), null_score = *answer.at("null_score").data<float>();
    return {context.substr(start, end - start), start, end, score, null_score};
  }

  // Runs a signature. The inputs are in the order of their names: code_points, pair_code_points.
  Answers run(const std::string& name, const std::vector<std::vector<int32_t>>& texts) {
    const size_t index = find(name);
    if (index == npos) throw std::invalid_argument("the file has no signature " + name + "; it can " + kind());
    std::vector<LiteRtTensorBuffer> inputs, outputs;
    std::vector<Tensor> kept;
    size_t characters = 0;
    for (const auto& text : texts) {
      // LiteRT takes the new length from the buffer.
      const int32_t length = static_cast<int32_t>(text.size());
      kept.emplace_back(LiteRtRankedTensorType{kLiteRtInt32, {2, false, {1, length}, {}}}, text.size());
      std::copy(text.begin(), text.end(), kept.back().data<int32_t>());
      inputs.push_back(kept.back().buffer.get());
      characters += text.size();
    }
    LiteRtSignature signature = nullptr;
    check(LiteRtGetModelSignature(model_.get(), index, &signature), "LiteRtGetModelSignature");
    size_t count = 0;
    check(LiteRtGetNumSignatureOutputs(signature, &count), "LiteRtGetNumSignatureOutputs");
    Answers answers;
    std::vector<Tensor*> tensors;
    for (size_t i = 0; i < count; ++i) {
      const char* key = nullptr;
      LiteRtTensor tensor = nullptr;
      LiteRtRankedTensorType type;
      check(LiteRtGetSignatureOutputName(signature, i, &key), "LiteRtGetSignatureOutputName");
      check(LiteRtGetSignatureOutputTensorByIndex(signature, i, &tensor), "LiteRtGetSignatureOutputTensorByIndex");
      check(LiteRtGetRankedTensorType(tensor, &type), "LiteRtGetRankedTensorType");
      // How many entities there are is known only afterwards. There are no more than characters.
      size_t room = 1;
      for (unsigned k = 0; k < type.layout.rank; ++k) {
        int32_t& length = type.layout.dimensions[k];
        if (length < 0) length = static_cast<int32_t>(characters);
        room *= length;
      }
      tensors.push_back(&answers.emplace(key, Tensor(type, room)).first->second);
      outputs.push_back(tensors.back()->buffer.get());
    }
    check(LiteRtRunCompiledModel(compiled_.get(), index, inputs.size(), inputs.data(), count, outputs.data()), name.c_str());
    std::vector<LiteRtLayout> layouts(count);
    check(LiteRtGetCompiledModelOutputTensorLayouts(compiled_.get(), index, count, layouts.data(), false), name.c_str());
    for (size_t i = 0; i < count; ++i) {
      tensors[i]->size = 1;
      for (unsigned k = 0; k < layouts[i].rank; ++k) tensors[i]->size *= layouts[i].dimensions[k];
    }
    return answers;
  }

 private:
  template <class T>
  using Handle = std::unique_ptr<T, void (*)(T*)>;
  static constexpr size_t npos = -1;

  template <class T, class Create>
  static void make(Handle<T>& handle, const char* what, Create create) {
    T* made = nullptr;
    check(create(&made), what);
    handle.reset(made);
  }

  size_t find(const std::string& name) const {
    size_t count = 0;
    check(LiteRtGetNumModelSignatures(model_.get(), &count), "LiteRtGetNumModelSignatures");
    for (size_t i = 0; i < count; ++i) {
      LiteRtSignature signature = nullptr;
      const char* key = nullptr;
      check(LiteRtGetModelSignature(model_.get(), i, &signature), "LiteRtGetModelSignature");
      check(LiteRtGetSignatureKey(signature, &key), "LiteRtGetSignatureKey");
      if (name == key) return i;
    }
    return npos;
  }

  std::vector<std::pair<std::string, float>> scores(Answers answers) const {
    answers.erase("truncated");
    Tensor& values = answers.begin()->second;
    if (values.size != labels_.size()) throw std::runtime_error("the file has other labels than answers");
    std::vector<std::pair<std::string, float>> found;
    for (size_t i = 0; i < values.size; ++i) found.emplace_back(labels_[i], values.data<float>()[i]);
    return found;
  }

  std::vector<std::string> labels_;
  Handle<LiteRtEnvironmentT> environment_{nullptr, LiteRtDestroyEnvironment};
  Handle<LiteRtModelT> model_{nullptr, LiteRtDestroyModel};
  Handle<LiteRtOptionsT> options_{nullptr, LiteRtDestroyOptions};
  Handle<LiteRtCompiledModelT> compiled_{nullptr, LiteRtDestroyCompiledModel};
};

}  // namespace kerasbert
