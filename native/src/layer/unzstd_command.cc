#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <memory>

#include "arguments.h"
#include "commands.h"
#include "confined.h"
#include "options.h"
#include "output.h"
#include "problem.h"

namespace sandpiper {
namespace {

constexpr const char* kInput = "compressed data";

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { (void)ZSTD_freeDStream(stream); }
};

class Decompressor {
 public:
  Decompressor()
      : stream_(ZSTD_createDStream()),
        in_(new char[ZSTD_DStreamInSize()]),
        out_(new char[ZSTD_DStreamOutSize()]) {}

  // Several frames in a row are one stream, as `zstd` has it; anything else behind one is a
  // failure.
  Status Run() {
    if (!stream_) return Failure{ENOMEM, "ZSTD_createDStream", kInput};
    while (true) {
      const ssize_t got = read(STDIN_FILENO, in_.get(), ZSTD_DStreamInSize());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return LastFailure("read", kInput);
      if (got == 0) break;
      TRY(Take(static_cast<size_t>(got)));
    }
    if (left_ != 0) return Refused("ends before its end", kInput);
    return output_.Flush();
  }

 private:
  Status Take(size_t size) {
    ZSTD_inBuffer in{in_.get(), size, 0};
    bool is_full = false;
    while (in.pos < in.size || is_full) {
      ZSTD_outBuffer out{out_.get(), ZSTD_DStreamOutSize(), 0};
      left_ = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(left_) != 0) return Refused(ZSTD_getErrorName(left_), kInput);
      TRY(output_.Write(out.dst, out.pos));
      // What the library holds back needs room, not input.
      is_full = out.pos == out.size;
    }
    return {};
  }

  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  std::unique_ptr<char[]> in_;
  std::unique_ptr<char[]> out_;
  Output output_{STDOUT_FILENO};
  // What the frame at hand lacks; nothing at all is no stream.
  size_t left_ = 1;
};

Status Decompress() {
  TRY(ConfineFilter());
  return Decompressor().Run();
}

}  // namespace

int RunUnzstd(int argc, char** argv) {
  Result<Arguments> parsed = Arguments::Parse(argc, argv, {}, {});
  if (!parsed.ok()) return TellUsage(parsed.failure());
  if (!parsed.Take().rest().empty()) return TellUsage(Refused("takes no arguments", "unzstd"));
  return Tell(Decompress(), STDERR_FILENO);
}

}  // namespace sandpiper
