#include <fcntl.h>
#include <napi.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "execute.h"
#include "link.h"
#include "lock_file.h"
#include "seccomp_filter.h"
#include "spawn.h"
#include "xattrs.h"

// The only file that knows Node. Arguments come from native/lib, which has checked them: a wrong
// type here is a bug there and throws node-addon-api's own error.
namespace sandpiper {
namespace {

Napi::Error ToError(Napi::Env env, const Failure& failure, const std::string& path) {
  Napi::Error error = Napi::Error::New(env, failure.call);
  error.Set("errno", Napi::Number::New(env, failure.error));
  error.Set("syscall", Napi::String::New(env, failure.call));
  error.Set("path", Napi::String::New(env, path.empty() ? failure.object : path));
  return error;
}

template <typename T>
T OrThrow(Napi::Env env, Result<T> result, const std::string& path = "") {
  if (!result.ok()) throw ToError(env, result.failure(), path);
  return result.Take();
}

// new LauncherLink(path, onReply(buffer), onEnd(status))
class LauncherLink : public Napi::ObjectWrap<LauncherLink> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "LauncherLink",
                       {InstanceMethod<&LauncherLink::Send>("send"),
                        InstanceMethod<&LauncherLink::SendWithOutputs>("sendWithOutputs"),
                        InstanceMethod<&LauncherLink::Close>("close"),
                        InstanceAccessor<&LauncherLink::Pid>("pid")});
  }

  explicit LauncherLink(const Napi::CallbackInfo& info)
      : ObjectWrap(info), context_(info.Env(), "sandpiper") {
    const std::string path = info[0].As<Napi::String>();
    on_reply_ = Napi::Persistent(info[1].As<Napi::Function>());
    on_end_ = Napi::Persistent(info[2].As<Napi::Function>());
    link_ = std::make_unique<Link>(
        OrThrow(info.Env(), SpawnLauncher(path), path),
        [this](const char* data, size_t size) { OnReply(data, size); },
        [this](int status) { OnEnd(status); });
    uv_loop_s* loop = nullptr;
    if (napi_get_uv_event_loop(info.Env(), &loop) != napi_ok || !link_->Start(loop)) {
      throw ToError(info.Env(), {EINVAL, "uv_poll_init", "launcher"}, path);
    }
    // Alive for as long as the process is: its callbacks point here.
    Ref();
  }

 private:
  void SendFrame(const Napi::CallbackInfo& info, std::vector<UniqueFd> fds) {
    const auto type = static_cast<wire::Request>(info[0].As<Napi::Number>().Uint32Value());
    const uint32_t id = info[1].As<Napi::Number>().Uint32Value();
    const auto payload = info[2].As<Napi::Uint8Array>();
    OrThrow(info.Env(), link_->Send(type, id, reinterpret_cast<const char*>(payload.Data()),
                                    payload.ByteLength(), std::move(fds)));
  }

  void Send(const Napi::CallbackInfo& info) { SendFrame(info, {}); }

  // Sends the write ends of as many new pipes along and returns their read ends.
  Napi::Value SendWithOutputs(const Napi::CallbackInfo& info) {
    const uint32_t count = info[3].As<Napi::Number>().Uint32Value();
    std::vector<UniqueFd> read_ends;
    std::vector<UniqueFd> write_ends;
    for (uint32_t i = 0; i < count; i++) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) < 0) throw ToError(info.Env(), LastFailure("pipe2", "output"), "");
      read_ends.emplace_back(ends[0]);
      write_ends.emplace_back(ends[1]);
    }
    SendFrame(info, std::move(write_ends));
    Napi::Array numbers = Napi::Array::New(info.Env(), count);
    for (uint32_t i = 0; i < count; i++) {
      numbers.Set(i, Napi::Number::New(info.Env(), read_ends[i].Release()));
    }
    return numbers;
  }

  void Close(const Napi::CallbackInfo&) { link_->Close(); }

  Napi::Value Pid(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), link_->pid());
  }

  void OnReply(const char* data, size_t size) {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    Call(on_reply_, Napi::Buffer<char>::Copy(env, data, size));
  }

  void OnEnd(int status) {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    Call(on_end_, Napi::Number::New(env, status));
    Unref();
  }

  // An exception in the callback is the process's uncaught exception, as in any event handler.
  void Call(const Napi::FunctionReference& callback, Napi::Value argument) {
    try {
      callback.MakeCallback(Env().Global(), {argument}, context_);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(Env(), error.Value());
    }
  }

  Napi::AsyncContext context_;
  Napi::FunctionReference on_reply_;
  Napi::FunctionReference on_end_;
  std::unique_ptr<Link> link_;
};

uint64_t ToU64(Napi::Value value) {
  bool lossless = true;
  if (value.IsBigInt()) return value.As<Napi::BigInt>().Uint64Value(&lossless);
  return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
}

uint32_t ToU32(Napi::Value value) { return value.As<Napi::Number>().Uint32Value(); }

SeccompRule ToRule(const Napi::Object& object) {
  SeccompRule rule{};
  rule.number = object.Get("number").As<Napi::Number>().Int32Value();
  rule.action = ToU32(object.Get("action"));
  const auto conditions = object.Get("conditions").As<Napi::Array>();
  for (uint32_t i = 0; i < conditions.Length(); i++) {
    const auto condition = conditions.Get(i).As<Napi::Object>();
    rule.conditions.push_back({ToU32(condition.Get("index")), ToU32(condition.Get("operation")),
                               ToU64(condition.Get("value")), ToU64(condition.Get("valueTwo"))});
  }
  return rule;
}

SeccompRefusal ToRefusal(const Napi::Object& object) {
  SeccompRefusal refusal{};
  refusal.number = ToU32(object.Get("number"));
  refusal.argument = ToU32(object.Get("argument"));
  refusal.action = ToU32(object.Get("action"));
  const auto values = object.Get("values").As<Napi::Array>();
  for (uint32_t i = 0; i < values.Length(); i++) refusal.values.push_back(ToU32(values.Get(i)));
  return refusal;
}

// compileSeccomp(policy: RawSeccompPolicy of native/lib/addon.ts) -> Buffer
Napi::Value CompileFilter(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  SeccompPolicy policy{};
  policy.default_action = ToU32(object.Get("defaultAction"));
  policy.other_architecture_action = ToU32(object.Get("otherArchitectureAction"));
  const auto rules = object.Get("rules").As<Napi::Array>();
  for (uint32_t i = 0; i < rules.Length(); i++) {
    policy.rules.push_back(ToRule(rules.Get(i).As<Napi::Object>()));
  }
  policy.unknown_from = ToU32(object.Get("unknownFrom"));
  policy.unknown_action = ToU32(object.Get("unknownAction"));
  const auto refusals = object.Get("refusals").As<Napi::Array>();
  for (uint32_t i = 0; i < refusals.Length(); i++) {
    policy.refusals.push_back(ToRefusal(refusals.Get(i).As<Napi::Object>()));
  }
  const std::string filter = OrThrow(info.Env(), CompileSeccomp(policy));
  return Napi::Buffer<char>::Copy(info.Env(), filter.data(), filter.size());
}

// resolveSystemCall(name) -> number, negative when this architecture has none of that name
Napi::Value ResolveName(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), ResolveSystemCall(info[0].As<Napi::String>()));
}

// lockFile(path), lockDirectory(path) -> descriptor, or -1 when another process has the lock
template <Result<UniqueFd> (*lock)(const std::string&)>
Napi::Value Lock(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  Result<UniqueFd> locked = lock(path);
  if (!locked.ok() && locked.failure().error == EWOULDBLOCK) {
    return Napi::Number::New(info.Env(), -1);
  }
  return Napi::Number::New(info.Env(), OrThrow(info.Env(), std::move(locked), path).Release());
}

std::vector<std::string> ToStrings(const Napi::Value& value) {
  std::vector<std::string> strings;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    strings.push_back(array.Get(i).As<Napi::String>());
  }
  return strings;
}

// execute(path, argv, env): returns only by throwing
void ExecuteProgram(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  throw ToError(info.Env(), Execute(path, ToStrings(info[1]), ToStrings(info[2])), path);
}

// readXattrs(path: Buffer) -> array of names and values, in turn, as Buffers
Napi::Value XattrsOf(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const std::string path(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
  const Napi::Array all = Napi::Array::New(info.Env());
  uint32_t at = 0;
  for (const auto& [name, value] : OrThrow(info.Env(), ReadXattrs(path), path)) {
    all.Set(at++, Napi::Buffer<char>::Copy(info.Env(), name.data(), name.size()));
    all.Set(at++, Napi::Buffer<char>::Copy(info.Env(), value.data(), value.size()));
  }
  return all;
}

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("LauncherLink", LauncherLink::Define(env));
  exports.Set("compileSeccomp", Napi::Function::New(env, CompileFilter));
  exports.Set("resolveSystemCall", Napi::Function::New(env, ResolveName));
  exports.Set("lockFile", Napi::Function::New(env, Lock<LockFile>));
  exports.Set("lockDirectory", Napi::Function::New(env, Lock<LockDirectory>));
  exports.Set("readXattrs", Napi::Function::New(env, XattrsOf));
  exports.Set("execute", Napi::Function::New(env, ExecuteProgram));
  return exports;
}

}  // namespace
}  // namespace sandpiper

Napi::Object InitializeAddon(Napi::Env env, Napi::Object exports) {
  return sandpiper::Initialize(env, exports);
}
NODE_API_MODULE(sandpiper, InitializeAddon)
