#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "janitor.h"
#include "request.h"
#include "unique_fd.h"

namespace sandpiper {

// File systems of writable layers that are mounted before anybody needs them: images, which take
// long to mount. Each is used once at most. The janitor makes them.
class Blanks {
 public:
  // Lets `count`, which may be 0, be kept of images like that of `layer`, until the launcher ends.
  // One that can't be made is given up: who needs it tells why. `request` is to be answered when
  // there is nothing to wait for.
  void Keep(const WritableRequest& layer, uint32_t count, uint32_t request);
  // Those that are to be answered by now, each told once.
  std::vector<uint32_t> TakeAnswered();
  // A detached mount that is there already; invalid when there is none.
  UniqueFd Take(const WritableRequest& layer);
  // Whether there are fewer than are to be kept, also counting those that are being made.
  [[nodiscard]] bool IsLacking() const;
  // Lets one of those that are lacking be made.
  void MakeOne(Janitor& janitor);
  // It was made, or not: by the number that the janitor was given.
  void Made(uint32_t kind, UniqueFd tree);
  // The janitor is gone.
  void GiveUp();
  // Lets go of all of them.
  void DropAll();

 private:
  struct Kind {
    std::string pattern;
    std::string directory;
    uint32_t count;
    uint32_t making;
    std::vector<UniqueFd> trees;
    std::vector<uint32_t> requests;

    [[nodiscard]] bool IsOf(const WritableRequest& layer) const;
    [[nodiscard]] uint32_t made() const { return static_cast<uint32_t>(trees.size()) + making; }
    // Lets go of those that are too many.
    void Trim();
  };

  std::vector<Kind> kinds_;
};

}  // namespace sandpiper
