#pragma once

#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "record_reader.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// Makes files in a directory as records say. It goes nowhere by links and opens nothing above the
// directory, whatever the records say, and makes no file where one is.
class Unpacker {
 public:
  // Both stay open meanwhile.
  Unpacker(int root, RecordReader* reader) : root_(root), reader_(*reader) {}

  // Carries out all records. When it returns, all is as they said.
  Status Run();

 private:
  // What a directory is to be like in the end; until then what is put into it would change its
  // time.
  struct Directory {
    RecordHeader header;
    std::vector<Xattr> xattrs;
    bool opaque = false;
  };
  // A place for a new entry. The descriptor stays the unpacker's, until the next one is asked for.
  struct Place {
    int directory;
    std::string name;
  };

  Status Apply(const Record& record);
  Status MakeDirectory(const Record& record);
  Status MakeFile(const Record& record);
  Status AddData(const Record& record);
  // Gives the file that was made last what it is to have, and lets go of it.
  Status FinishFile();
  Status MakeSymlink(const Record& record);
  Status MakeLink(const Record& record);
  Status MakeNode(const Record& record, mode_t type);
  Status MarkOpaque(const Record& record);
  Status Remove(const Record& record);
  Status FinishDirectories();
  Status FinishDirectory(const std::string& path, const Directory& directory);

  Result<Place> Find(const std::string& path);
  // Owner, mode and time of what is no file and no directory.
  Status Dress(const Place& place, const Record& record, bool has_mode);

  int root_;
  RecordReader& reader_;
  // The directory of the last entry: most have it in common with the next.
  std::string parent_path_;
  UniqueFd parent_;
  Record file_record_{};
  UniqueFd file_;
  // Bytes up to the end of the last data.
  uint64_t file_end_ = 0;
  // By path.
  std::map<std::string, Directory, std::less<>> directories_;
};

}  // namespace sandpiper
