// sandpiper-layer: writes the files of layers, and reads files into layers. It is started by the
// runner, on the host or, with --inside, in a sandbox.
//
//   sandpiper-layer unpack DIRECTORY
//       Fills a directory with what the records on stdin say: record.h.
//   sandpiper-layer pack [OPTION...] DIRECTORY
//       Writes a directory to stdout as a tar archive.
//       --ids START:COUNT   the ids START.. on disk are 0.. in the archive; others are refused
//       --chown UID:GID     everything belongs to those
//       --no-times          all times are 0
//       --overlay           it is the upper directory of an overlay: marks become whiteouts
//       --prefix PATH       where its files are in the archive
//       --with-root         the directory itself is in the archive, too
//   sandpiper-layer copy [OPTION...] --context DIRECTORY --to PATH SOURCE...
//       Writes to stdout, as a tar archive, what `COPY SOURCE... PATH` of a Dockerfile brings.
//       Sources are paths or patterns (Go's filepath.Match) below the context; PATH is absolute,
//       and with a slash at its end a directory.
//       --inside            in a sandbox: it does not confine itself
//       --errors FILE       failures go to that file, not to stderr
//       --image DIRECTORY   root of what is copied to: says which directories are there, and where
//                           links lead. Without it no directories are made on the way
//       --ignore PATH       a .dockerignore, below the context; one that is not there ignores
//       nothing
//       --chown UID:GID     default 0:0; `--chown keep` keeps what files have (COPY --from)
//       --chmod MODE        octal, for files and directories
//       --no-times          all times are 0: equal contents are equal bytes
//   sandpiper-layer cat [--inside] [--errors FILE] [--bytes-max N] --context DIRECTORY PATH
//       Writes a file below a directory to stdout, of at most N bytes (default 1 MiB).
//   sandpiper-layer unzstd
//       Decompresses stdin, which is zstd (RFC 8878), to stdout.
//
// It exits 0 when all was done, 1 when something failed and 2 for a wrong command line. A failure
// is one line of JSON (TellFailure in problem.h). Bytes on stdout count only with exit 0.
#include <unistd.h>

#include <cstring>

#include "commands.h"
#include "problem.h"

namespace {

constexpr struct {
  const char* name;
  sandpiper::Command run;
} kCommands[] = {
    {"unpack", sandpiper::RunUnpack}, {"pack", sandpiper::RunPack},
    {"copy", sandpiper::RunCopy},     {"cat", sandpiper::RunCat},
    {"unzstd", sandpiper::RunUnzstd},
};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& command : kCommands) {
    if (argc < 2 || std::strcmp(argv[1], command.name) != 0) continue;
    return command.run(argc - 2, argv + 2);
  }
  sandpiper::TellFailure(STDERR_FILENO,
                         sandpiper::Refused("is no command", argc < 2 ? "" : argv[1]));
  return 2;
}
