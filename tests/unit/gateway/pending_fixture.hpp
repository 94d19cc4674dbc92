#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "gateway/pending.hpp"

/// What the tests of pending answers share.
namespace nearline::gateway {

using namespace std::chrono_literals;
using Admission = PendingAnswers::Admission;
using Kind = Ending::Kind;
using Outcome = stream::Delivery::Outcome;

inline constexpr SteadyTime start{};

inline Uuid id_of(std::uint8_t n) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = n;
    return Uuid(bytes);
}

inline AnswerPtr answer_to(std::uint8_t n) {
    Answer answer;
    answer.id = id_of(n);
    answer.json = "{}";
    return std::make_shared<const Answer>(answer);
}

inline stream::Delivery delivery(Outcome outcome, std::string reason = "") {
    stream::Delivery delivery;
    delivery.outcome = outcome;
    delivery.reason = std::move(reason);
    return delivery;
}

}  // namespace nearline::gateway
