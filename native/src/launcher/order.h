#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arena.h"
#include "program.h"
#include "request.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// A start request, with all that it points into.
struct Order {
  std::string payload;
  Arena arena;
  StartRequest request;

  // Null when the payload is malformed.
  static std::unique_ptr<Order> Decode(std::string payload);
};

// The descriptors that come with an order: first the two outputs, then the workspace's tree if it
// is to be mounted, then those of the binds and of the volumes.
using OrderFds = std::vector<UniqueFd>;

// Hands an order to a sandbox's init, which waits for it.
Status SendOrder(int socket, const std::string& payload, const OrderFds& fds);

// An order as the init gets it. It lives as long as the process.
struct ReceivedOrder {
  const StartRequest& request;
  Outputs outputs;
  // -1: not to be mounted.
  int workspace;
  const int* binds;
  const int* volumes;
};

// Waits for it. ECANCELED when the launcher has closed its end: there will be none. Allocates
// nothing.
Result<ReceivedOrder> ReceiveOrder(int socket);

}  // namespace sandpiper
