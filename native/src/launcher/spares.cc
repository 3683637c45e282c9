#include "spares.h"

#include <algorithm>

#include "cgroup.h"

namespace sandpiper {

void Spares::Keep(uint32_t stage_id, Stage& stage, std::shared_ptr<const Order> shape,
                  uint32_t count, uint32_t request) {
  Recipe* const known = Find(stage, shape->request);
  if (known != nullptr) {
    known->count = count;
    known->requests.push_back(request);
    Trim(*known);
  } else {
    recipes_.push_back({stage_id, &stage, std::move(shape), count, 0, {request}});
  }
}

bool Spares::IsReady(const Recipe& recipe) const {
  return recipe.made >= recipe.count &&
         std::none_of(sandboxes_.begin(), sandboxes_.end(), [&](const Spare& spare) {
           return !spare.dropped && !spare.reported &&
                  spare.sandbox->IsFor(*recipe.stage, recipe.shape->request);
         });
}

std::vector<uint32_t> Spares::TakeAnswered() {
  std::vector<uint32_t> answered = std::move(answered_);
  answered_.clear();
  for (Recipe& recipe : recipes_) {
    if (recipe.requests.empty() || !IsReady(recipe)) continue;
    answered.insert(answered.end(), recipe.requests.begin(), recipe.requests.end());
    recipe.requests.clear();
  }
  return answered;
}

void Spares::Trim(Recipe& recipe) {
  for (Spare& spare : sandboxes_) {
    if (recipe.made <= recipe.count) return;
    if (spare.dropped || !spare.sandbox->IsFor(*recipe.stage, recipe.shape->request)) continue;
    recipe.made--;
    DropOne(spare);
  }
}

void Spares::DropOne(Spare& spare) {
  spare.dropped = true;
  spare.sandbox->Discard();
}

Spares::Recipe* Spares::Find(const Stage& stage, const StartRequest& request) {
  for (Recipe& recipe : recipes_) {
    if (recipe.stage == &stage && IsAlike(recipe.shape->request, request)) return &recipe;
  }
  return nullptr;
}

std::unique_ptr<Sandbox> Spares::Take(const Stage& stage, const StartRequest& request) {
  for (auto spare = sandboxes_.begin(); spare != sandboxes_.end(); ++spare) {
    if (spare->dropped || !spare->sandbox->IsFor(stage, request)) continue;
    // One that has failed is reaped soon, and what asks for it tells why itself.
    if (!spare->sandbox->IsSound()) continue;
    std::unique_ptr<Sandbox> taken = std::move(spare->sandbox);
    sandboxes_.erase(spare);
    Recipe* const recipe = Find(stage, request);
    if (recipe != nullptr) recipe->made--;
    return taken;
  }
  return nullptr;
}

bool Spares::IsLacking() const {
  return std::any_of(recipes_.begin(), recipes_.end(),
                     [](const Recipe& recipe) { return recipe.made < recipe.count; });
}

const Sandbox* Spares::PrepareOne(const Supplies& supplies, uint32_t serial) {
  for (Recipe& recipe : recipes_) {
    if (recipe.made >= recipe.count) continue;
    Result<std::unique_ptr<Sandbox>> prepared =
        Sandbox::Prepare(supplies, *recipe.stage, recipe.shape, serial);
    if (!prepared.ok()) {
      recipe.count = recipe.made;
      return nullptr;
    }
    recipe.made++;
    sandboxes_.push_back({recipe.stage_id, serial, false, false, prepared.Take()});
    return sandboxes_.back().sandbox.get();
  }
  return nullptr;
}

// What it tells is read here already, so that its start has less to do.
void Spares::HasReported(uint32_t serial) {
  for (Spare& spare : sandboxes_) {
    if (spare.serial != serial || spare.dropped) continue;
    Report report{};
    (void)spare.sandbox->NextReport(&report);
    spare.reported = true;
    if (!spare.sandbox->is_prepared()) GiveUp(spare);
  }
}

void Spares::GiveUp(Spare& spare) {
  for (Recipe& recipe : recipes_) {
    if (!spare.sandbox->IsFor(*recipe.stage, recipe.shape->request)) continue;
    recipe.made--;
    recipe.count = recipe.made;
  }
  DropOne(spare);
}

void Spares::Drop(uint32_t stage_id) {
  std::erase_if(recipes_, [&](const Recipe& recipe) {
    if (recipe.stage_id != stage_id) return false;
    answered_.insert(answered_.end(), recipe.requests.begin(), recipe.requests.end());
    return true;
  });
  for (Spare& spare : sandboxes_) {
    if (spare.stage_id != stage_id || spare.dropped) continue;
    DropOne(spare);
  }
}

bool Spares::HasDropped(uint32_t stage_id) const {
  return std::any_of(sandboxes_.begin(), sandboxes_.end(), [&](const Spare& spare) {
    return spare.dropped && spare.stage_id == stage_id;
  });
}

bool Spares::Reaped(pid_t pid, const World& world) {
  const auto spare = std::find_if(sandboxes_.begin(), sandboxes_.end(),
                                  [&](const Spare& one) { return one.sandbox->pid() == pid; });
  if (spare == sandboxes_.end()) return false;
  if (!spare->dropped) GiveUp(*spare);
  spare->sandbox->Reaped({});
  (void)RemoveCgroups(spare->sandbox->cgroups(world));
  sandboxes_.erase(spare);
  return true;
}

}  // namespace sandpiper
