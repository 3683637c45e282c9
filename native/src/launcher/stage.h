#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "holder.h"
#include "lowers.h"
#include "overlay.h"
#include "request.h"
#include "result.h"
#include "unique_fd.h"
#include "world.h"
#include "writable.h"

namespace sandpiper {

// What the sandboxes of a stage share. Everything mounted for it hangs below one tmpfs, which goes
// with the object.
class Stage {
 public:
  static Result<std::unique_ptr<Stage>> Create(const World& world, uint32_t id,
                                               const StageRequest& request);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  [[nodiscard]] int user_namespace() const { return user_namespace_.get(); }
  // The one of that name; the empty name is that of the one that it began with.
  [[nodiscard]] Result<int> Network(const std::string& name) const;
  // Makes a further one, with loopback only.
  [[nodiscard]] Status AddNetwork(const std::string& name);
  // For a stage that was made without: it mounts one at most.
  // `blank`: its layer's file system, when that is there already.
  [[nodiscard]] Status MountWorkspace(const OverlayRequest& overlay, UniqueFd blank);
  // Has "dev" (the device template), "empty", "workspace" and "volumes".
  [[nodiscard]] int directory() const { return directory_.get(); }
  [[nodiscard]] uint32_t ids_start() const { return ids_start_; }
  [[nodiscard]] uint32_t ids_count() const { return ids_count_; }
  [[nodiscard]] bool has_workspace() const { return workspace_.valid(); }
  [[nodiscard]] LayerUse MeasureWorkspace() const;
  [[nodiscard]] bool HasWorkspaceLostWrites() const;
  [[nodiscard]] Result<std::string> LowerNames(const OverlayRequest& overlay) {
    return lowers_->Names(overlay.lowers, user_namespace());
  }

  // Has the stage's volumes, each under its name.
  [[nodiscard]] int volumes() const { return volumes_.get(); }
  // Refuses a user with ids that the stage does not have. The text is good until the next call.
  [[nodiscard]] Status CheckUser(const std::optional<UserRequest>& user) const;

  // Takes its mounts away; after a failure it can be tried again.
  Status Unmount();

  // Sandboxes that run in the stage.
  int sandboxes = 0;

 private:
  Stage(uint32_t id, const StageRequest& request);
  [[nodiscard]] Result<Holder> BeginNamespaces() const;
  Status FinishNamespaces(Holder& holder);
  Status MakeDirectory(const World& world);
  Status AttachDirectory(const World& world);
  Status MountVolume(const TmpfsRequest& volume);
  Status Attach(int directory, const char* name, const UniqueFd& tree);

  std::string path_;
  uint32_t ids_start_;
  uint32_t ids_count_;
  bool takes_detached_layers_ = false;
  // Its root, when there is one, and the kind of its writable layer.
  UniqueFd workspace_;
  UniqueFd workspace_layer_;
  WritableRequest::Kind workspace_kind_{};
  UniqueFd user_namespace_;
  std::unordered_map<std::string, UniqueFd> networks_;
  UniqueFd directory_;
  UniqueFd volumes_;
  std::unique_ptr<Lowers> lowers_;
};

}  // namespace sandpiper
