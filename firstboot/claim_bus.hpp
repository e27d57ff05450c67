// The claim as haven-claim offers it on the bus.
#pragma once

#include "firstboot/claim_api.hpp"
#include "platform/bus.hpp"

namespace stratify::firstboot {

class BusClaim final : public ClaimApi {
 public:
  explicit BusClaim(Bus bus);

  [[nodiscard]] Result<Status> status() override;
  [[nodiscard]] Result<Secret> claim(std::string_view domain, std::string_view code,
                                     std::string_view peer) override;
  [[nodiscard]] Result<bool> knows_session(std::string_view token) override;
  [[nodiscard]] Result<Secret> first_password(std::string_view token) override;
  [[nodiscard]] Result<std::string> code() override;
  [[nodiscard]] Result<void> claim_here(std::string_view domain) override;
  [[nodiscard]] Result<void> reopen() override;
  [[nodiscard]] Result<void> repair() override;
  [[nodiscard]] Result<Secret> first_password_here() override;
  [[nodiscard]] Result<void> renew_password() override;

  // For a caller that waits: news() is readable when the claim has changed, forget_news() empties it.
  // kUnavailable when the bus has gone.
  [[nodiscard]] Result<void> watch_changes();
  [[nodiscard]] int news() const { return sd_bus_get_fd(bus_.get()); }
  [[nodiscard]] Result<bool> forget_news();

 private:
  [[nodiscard]] Result<BusMessage> call(const char* method,
                                        std::initializer_list<std::string_view> arguments);
  [[nodiscard]] Result<std::string> call_for_text(const char* method,
                                                  std::initializer_list<std::string_view> arguments);
  Bus bus_;
};

}  // namespace stratify::firstboot
