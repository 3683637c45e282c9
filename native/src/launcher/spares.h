#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "order.h"
#include "sandbox.h"
#include "stage.h"
#include "world.h"

namespace sandpiper {

// Sandboxes that are prepared ahead of their programs. Each is used once at most.
class Spares {
 public:
  // Lets `count`, which may be 0, be kept ready for orders like `shape`, until the stage is
  // dropped. A shape that can't be prepared is given up: its orders tell why. `request` is to be
  // answered when there is nothing to wait for.
  void Keep(uint32_t stage_id, Stage& stage, std::shared_ptr<const Order> shape, uint32_t count,
            uint32_t request);
  // Those that are to be answered by now, each told once.
  std::vector<uint32_t> TakeAnswered();
  // One that is prepared, or about to be, for such a request. Null when there is none.
  std::unique_ptr<Sandbox> Take(const Stage& stage, const StartRequest& request);
  // Whether there are fewer than are to be kept.
  [[nodiscard]] bool IsLacking() const;
  // Prepares one of those that are lacking. Null: it can't be. When its channel has something to
  // tell, that is to be told to HasReported with the same number.
  const Sandbox* PrepareOne(const Supplies& supplies, uint32_t serial);
  void HasReported(uint32_t serial);

  // Kills those of a stage that goes. They have still to be reaped.
  void Drop(uint32_t stage_id);
  // Whether some of a dropped stage have still to be reaped.
  [[nodiscard]] bool HasDropped(uint32_t stage_id) const;
  // When the process was the init of one, removes what is left of it. @returns whether it was.
  bool Reaped(pid_t pid, const World& world);
  [[nodiscard]] bool empty() const { return sandboxes_.empty(); }

 private:
  struct Recipe {
    uint32_t stage_id;
    Stage* stage;
    std::shared_ptr<const Order> shape;
    uint32_t count;
    // Those that are prepared, or about to be.
    uint32_t made;
    // To be answered when all have reported.
    std::vector<uint32_t> requests;
  };
  struct Spare {
    uint32_t stage_id;
    uint32_t serial;
    bool reported;
    bool dropped;
    std::unique_ptr<Sandbox> sandbox;
  };

  [[nodiscard]] bool IsReady(const Recipe& recipe) const;

  // Kills those that are too many.
  void Trim(Recipe& recipe);
  static void DropOne(Spare& spare);
  // It has failed, and so would the next one.
  void GiveUp(Spare& spare);
  Recipe* Find(const Stage& stage, const StartRequest& request);

  std::vector<Recipe> recipes_;
  std::vector<Spare> sandboxes_;
  // Of recipes that are gone.
  std::vector<uint32_t> answered_;
};

}  // namespace sandpiper
