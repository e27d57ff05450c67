#include "firstboot/claim_bus.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace stratify::firstboot {

namespace {

constexpr std::uint64_t kTimeoutMicroseconds = 20'000'000;  // a durable write on a slow disk takes its time

Category category_of(const sd_bus_error* error, Category otherwise) {
  constexpr std::array<std::pair<const char*, Category>, 6> kNames{{
      {"dev.openhaven.Claim1.Error.InvalidDomain", Category::kInvalidInput},
      {"dev.openhaven.Claim1.Error.WrongCode", Category::kPermission},
      {"dev.openhaven.Claim1.Error.Locked", Category::kTimeout},
      {"dev.openhaven.Claim1.Error.Conflict", Category::kConflict},
      {SD_BUS_ERROR_NO_REPLY, Category::kUnavailable},
      {SD_BUS_ERROR_TIMEOUT, Category::kUnavailable},
  }};
  const auto* const found = std::ranges::find_if(
      kNames, [error](const auto& entry) { return sd_bus_error_has_name(error, entry.first) != 0; });
  return found == kNames.end() ? otherwise : found->second;
}

Unexpected translate(BusError& error, const char* method, int number) {
  auto plain = error.to_error(std::string("call ") + method + " of", kBusName, number).error();
  return fail(category_of(error.get(), plain.category()), plain.operation(), plain.object(), plain.cause());
}

// Reads one property's value into the status; properties this version does not know are skipped.
int read_property(sd_bus_message* message, std::string_view name, Status& status) {
  const auto text = [&](std::string& into) {
    const char* value = nullptr;
    const int read = sd_bus_message_read(message, "v", "s", &value);
    if (read >= 0) into = value;
    return read;
  };
  const auto truth = [&](bool& into) {
    int value = 0;
    const int read = sd_bus_message_read(message, "v", "b", &value);
    into = value != 0;
    return read;
  };
  if (name == "State") {
    std::string word;
    const int read = text(word);
    status.state = parse_state(word).value_or(State::kDamaged);
    return read;
  }
  if (name == "WindowClosesIn") {
    std::uint64_t seconds = 0;
    const int read = sd_bus_message_read(message, "v", "t", &seconds);
    status.window_closes_in = std::chrono::seconds(seconds);
    return read;
  }
  if (name == "Domain") return text(status.domain);
  if (name == "DomainShown") return text(status.domain_shown);
  if (name == "Home") return truth(status.home);
  if (name == "Step") return sd_bus_message_read(message, "v", "i", &status.step);
  if (name == "StepText") return text(status.step_text);
  if (name == "Window") return sd_bus_message_read(message, "v", "i", &status.window);
  if (name == "PasswordAvailable") return truth(status.password_available);
  if (name == "Notice") return text(status.notice);
  if (name == "Answering") return truth(status.answering);
  return sd_bus_message_skip(message, "v");
}

}  // namespace

BusClaim::BusClaim(Bus bus) : bus_(std::move(bus)) {
  sd_bus_set_method_call_timeout(bus_.get(), kTimeoutMicroseconds);
}

Result<BusMessage> BusClaim::call(const char* method, std::initializer_list<std::string_view> arguments) {
  sd_bus_message* raw = nullptr;
  int result = sd_bus_message_new_method_call(bus_.get(), &raw, kBusName, kBusPath, kBusInterface, method);
  const BusMessage request(raw);
  for (const auto argument : arguments) {
    if (result >= 0) result = sd_bus_message_append(request.get(), "s", std::string(argument).c_str());
  }
  BusError error;
  sd_bus_message* answer = nullptr;
  if (result >= 0) result = sd_bus_call(bus_.get(), request.get(), 0, error.get(), &answer);
  if (result < 0) return translate(error, method, result);
  return BusMessage(answer);
}

Result<std::string> BusClaim::call_for_text(const char* method,
                                            std::initializer_list<std::string_view> arguments) {
  const auto answer = TRY(call(method, arguments));
  const char* text = nullptr;
  if (const int read = sd_bus_message_read(answer.get(), "s", &text); read < 0) {
    return BusError().to_error("read the answer of", kBusName, read);
  }
  return text;
}

Result<void> BusClaim::watch_changes() {
  // Two matches, so that a haven-claim that starts later is noticed too.
  const auto ignore = [](sd_bus_message*, void*, sd_bus_error*) { return 0; };
  int added = sd_bus_match_signal(bus_.get(), nullptr, kBusName, kBusPath, "org.freedesktop.DBus.Properties",
                                  "PropertiesChanged", ignore, nullptr);
  const auto named =
      std::string("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='") + kBusName +
      "'";
  if (added >= 0) added = sd_bus_add_match(bus_.get(), nullptr, named.c_str(), ignore, nullptr);
  if (added < 0) return BusError().to_error("watch", kBusName, added);
  return {};
}

Result<bool> BusClaim::forget_news() {
  for (bool any = false;; any = true) {
    const int processed = sd_bus_process(bus_.get(), nullptr);
    if (processed < 0) return BusError().to_error("read from", "the system bus", processed);
    if (processed == 0) return any;
  }
}

Result<Status> BusClaim::status() {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, "org.freedesktop.DBus.Properties",
                                        "GetAll", error.get(), &raw, "s", kBusInterface);
  const BusMessage answer(raw);
  if (called < 0) return translate(error, "GetAll", called);
  Status status;
  if (const int read =
          read_properties(answer.get(), [&](auto name) { return read_property(answer.get(), name, status); });
      read < 0) {
    return BusError().to_error("read the properties of", kBusName, read);
  }
  return status;
}

Result<Secret> BusClaim::claim(std::string_view domain, std::string_view code, std::string_view peer) {
  return Secret(TRY(call_for_text("Claim", {domain, code, peer})));
}

Result<bool> BusClaim::knows_session(std::string_view token) {
  const auto answer = TRY(call("KnowsSession", {token}));
  int known = 0;
  if (const int read = sd_bus_message_read(answer.get(), "b", &known); read < 0) {
    return BusError().to_error("read the answer of", kBusName, read);
  }
  return known != 0;
}

Result<Secret> BusClaim::first_password(std::string_view token) {
  return Secret(TRY(call_for_text("FirstPassword", {token})));
}

Result<std::string> BusClaim::code() { return call_for_text("Code", {}); }

Result<void> BusClaim::claim_here(std::string_view domain) {
  TRY(call("ClaimLocally", {domain}));
  return {};
}

Result<void> BusClaim::reopen() {
  TRY(call("Reopen", {}));
  return {};
}

Result<void> BusClaim::repair() {
  TRY(call("Repair", {}));
  return {};
}

Result<Secret> BusClaim::first_password_here() {
  return Secret(TRY(call_for_text("FirstPasswordLocally", {})));
}

Result<void> BusClaim::renew_password() {
  TRY(call("RenewFirstPassword", {}));
  return {};
}

}  // namespace stratify::firstboot
