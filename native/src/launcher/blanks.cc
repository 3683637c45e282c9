#include "blanks.h"

#include <algorithm>

#include "image.h"

namespace sandpiper {

bool Blanks::Kind::IsOf(const WritableRequest& layer) const {
  return layer.kind == WritableRequest::Kind::kImage && pattern == layer.image &&
         directory == layer.directory;
}

void Blanks::Kind::Trim() {
  while (trees.size() > count) {
    DiscardImage(trees.back().get());
    trees.pop_back();
  }
}

void Blanks::Keep(const WritableRequest& layer, uint32_t count, uint32_t request) {
  const auto known = std::find_if(kinds_.begin(), kinds_.end(),
                                  [&](const Kind& kind) { return kind.IsOf(layer); });
  if (known == kinds_.end()) {
    kinds_.push_back({layer.image, layer.directory, count, 0, {}, {request}});
    return;
  }
  known->count = count;
  known->requests.push_back(request);
  known->Trim();
}

std::vector<uint32_t> Blanks::TakeAnswered() {
  std::vector<uint32_t> answered;
  for (Kind& kind : kinds_) {
    if (kind.trees.size() < kind.count) continue;
    answered.insert(answered.end(), kind.requests.begin(), kind.requests.end());
    kind.requests.clear();
  }
  return answered;
}

UniqueFd Blanks::Take(const WritableRequest& layer) {
  for (Kind& kind : kinds_) {
    if (!kind.IsOf(layer) || kind.trees.empty()) continue;
    UniqueFd tree = std::move(kind.trees.back());
    kind.trees.pop_back();
    return tree;
  }
  return {};
}

bool Blanks::IsLacking() const {
  return std::any_of(kinds_.begin(), kinds_.end(),
                     [](const Kind& kind) { return kind.made() < kind.count; });
}

void Blanks::MakeOne(Janitor& janitor) {
  for (uint32_t i = 0; i < kinds_.size(); i++) {
    Kind& kind = kinds_[i];
    if (kind.made() >= kind.count) continue;
    if (janitor.MakeImage(i, kind.pattern.c_str(), kind.directory.c_str())) {
      kind.making++;
    } else {
      kind.count = kind.made();
    }
    return;
  }
}

void Blanks::Made(uint32_t kind, UniqueFd tree) {
  Kind& made = kinds_[kind];
  made.making--;
  if (tree.valid()) {
    made.trees.push_back(std::move(tree));
    made.Trim();
  } else {
    made.count = static_cast<uint32_t>(made.trees.size());
  }
}

void Blanks::GiveUp() {
  for (Kind& kind : kinds_) {
    kind.making = 0;
    kind.count = static_cast<uint32_t>(kind.trees.size());
  }
}

void Blanks::DropAll() {
  for (Kind& kind : kinds_) {
    kind.count = 0;
    kind.Trim();
  }
}

}  // namespace sandpiper
