#include "control/cli/updater_client.hpp"

#include "updater/bus_names.hpp"

namespace stratify::control {

namespace {

using namespace updater;  // NOLINT(google-build-using-namespace): the names of its bus object

Unexpected failed(BusError& error, const std::string& operation, int number) {
  const auto plain = error.to_error(operation, "haven-updater", number).error();
  // Its own sentence says what to do; a bus that refuses says only that it does.
  if (plain.category() == Category::kPermission)
    return fail(Category::kPermission, operation, "haven-updater", "only root may; become root first: sudo -i");
  return std::unexpected(plain);
}

Result<std::string> text_property(sd_bus* bus, const char* name) {
  BusError error;
  char* value = nullptr;
  const int read =
      sd_bus_get_property_string(bus, kBusName, kBusPath, kBusInterface, name, error.get(), &value);
  if (read < 0) return failed(error, "ask", read);
  const Owned<char, std::free> owned(value);
  return value;
}

}  // namespace

Result<UpdaterClient> UpdaterClient::connect() {
  auto bus = TRY(open_system_bus());
  const auto ignore = [](sd_bus_message*, void*, sd_bus_error*) { return 0; };
  const int added = sd_bus_match_signal(bus.get(), nullptr, kBusName, kBusPath, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged", ignore, nullptr);
  if (added < 0) return BusError().to_error("watch", kBusName, added);
  return UpdaterClient(std::move(bus));
}

Result<UpdaterView> UpdaterClient::look() {
  UpdaterView view{.record = TRY(parse_record(TRY(text_property(bus_.get(), "Record")))),
                   .busy = TRY(text_property(bus_.get(), "Busy")),
                   .status = TRY(text_property(bus_.get(), "Status")),
                   .failure = TRY(text_property(bus_.get(), "Failure")),
                   .source = TRY(text_property(bus_.get(), "Source")),
                   .channel = TRY(text_property(bus_.get(), "Channel")),
                   .window = TRY(text_property(bus_.get(), "Window"))};
  BusError error;
  int automatic = 0;
  const int read = sd_bus_get_property_trivial(bus_.get(), kBusName, kBusPath, kBusInterface, "Automatic",
                                               error.get(), 'b', &automatic);
  if (read < 0) return failed(error, "ask", read);
  view.automatic = automatic != 0;
  return view;
}

Result<void> UpdaterClient::update(const std::string& wish, const std::string& folder) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, kBusInterface, "Update", error.get(), nullptr,
                                        "ss", wish.c_str(), folder.c_str());
  if (called < 0) return failed(error, "ask for an update from", called);
  return {};
}

Result<void> UpdaterClient::send_back(bool with_data) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, kBusInterface, "SendBack", error.get(),
                                        nullptr, "b", static_cast<int>(with_data));
  if (called < 0) return failed(error, "ask to go back of", called);
  return {};
}

Result<void> UpdaterClient::call(const std::string& method) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, kBusInterface, method.c_str(), error.get(),
                                        nullptr, "");
  if (called < 0) return failed(error, "ask", called);
  return {};
}

Result<void> UpdaterClient::wait() {
  constexpr std::uint64_t kSecond = 1'000'000;
  const int waited = sd_bus_wait(bus_.get(), kSecond);
  if (waited < 0) return BusError().to_error("wait for", kBusName, waited);
  while (sd_bus_process(bus_.get(), nullptr) > 0) {
  }
  return {};
}

}  // namespace stratify::control
