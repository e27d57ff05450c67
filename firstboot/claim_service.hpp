// The claim on the bus: methods, properties and change signals of dev.openhaven.Claim1.
#pragma once

#include <functional>
#include <memory>

#include "firstboot/claim.hpp"
#include "platform/bus.hpp"

namespace stratify::firstboot {

// Called after every method that may have changed the claim, so that the daemon can start what is due.
using AfterCall = std::function<void()>;

class ClaimService {
 public:
  // Offers the claim on the bus and takes the name. Everything given has to outlive the service.
  [[nodiscard]] static Result<std::unique_ptr<ClaimService>> create(sd_bus& bus, Claim& claim,
                                                                    AfterCall after_call);

  // Sends PropertiesChanged for what differs from the last time.
  void announce();

  [[nodiscard]] Claim& claim() { return claim_; }
  void after_call() { after_call_(); }

 private:
  ClaimService(sd_bus& bus, Claim& claim, AfterCall after_call)
      : bus_(bus), claim_(claim), after_call_(std::move(after_call)) {}

  sd_bus& bus_;
  Claim& claim_;
  AfterCall after_call_;
  Status announced_;
  BusSlot slot_;
};

}  // namespace stratify::firstboot
