#include "firstboot/state.hpp"

#include <gtest/gtest.h>

namespace stratify::firstboot {
namespace {

TEST(TheTableOfTheClaim, HasNoTwoRowsForTheSameCase) {
  for (const auto& row : kTransitions) EXPECT_EQ(next_state(row.from, row.event, row.guard), row.to);
}

TEST(TheTableOfTheClaim, NeverTakesAMachineFromItsOwner) {
  for (const auto& row : kTransitions) {
    EXPECT_TRUE(!has_owner(row.from) || has_owner(row.to))
        << to_string(row.from) << " " << to_string(row.event);
  }
}

TEST(TheTableOfTheClaim, GivesAnOwnerOnlyToARightCodeOrToSomebodyAtTheMachine) {
  for (const auto& row : kTransitions) {
    if (has_owner(row.from) || !has_owner(row.to)) continue;
    const bool right_code = row.event == Event::kCodeEntered && row.guard == Guard::kRightCode;
    EXPECT_TRUE(right_code || row.event == Event::kClaimedHere || row.event == Event::kRepaired);
    EXPECT_TRUE(row.from != State::kDamaged || row.event == Event::kRepaired);
    EXPECT_TRUE(row.from != State::kClosed || row.event == Event::kClaimedHere);
  }
}

TEST(AState, IsReadBackFromItsWord) {
  for (const auto& row : kTransitions) EXPECT_EQ(parse_state(to_string(row.from)), row.from);
  EXPECT_EQ(parse_state("owned"), std::nullopt);
}

}  // namespace
}  // namespace stratify::firstboot
