#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/time.hpp"
#include "support/once_available.hpp"
#include "support/outboxes.hpp"

/// What the tests of outboxes share: each runs on every kind of them.
namespace nearline::notification {

using namespace std::chrono_literals;

inline constexpr auto long_lease = 60s;

inline std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
}

inline Entry entry(const Uuid& user, std::int64_t offset = 0) {
    Entry made{.request_id = Uuid::random(), .user = user};
    made.record.at = {"output-topic", 3};
    made.record.offset = offset;
    made.record.timestamp = now_ms();
    made.record.key = std::string("\0k\xFF", 3);
    made.record.value = std::string("\0\0\0\0\1{\"a\":\"\xC3\xA9\"}", 14);
    made.record.headers = {{"user", user.to_string()}, {"nothing", std::nullopt}, {"bytes", std::string("\0\xFE", 2)}};
    return made;
}

class OutboxTest : public ::testing::TestWithParam<test::OutboxKind> {
protected:
    OutboxTest() { outbox_->prepare(); }

    std::unique_ptr<Outbox> another() {
        auto made = place_->open();
        test::once_available([&] { made->prepare(); });
        return made;
    }
    std::vector<Uuid> add(const Uuid& user, int entries) {
        std::vector<Entry> made;
        std::vector<Uuid> ids;
        for (int i = 0; i < entries; ++i) {
            made.push_back(entry(user, i));
            ids.push_back(made.back().request_id);
        }
        outbox_->add(made);
        return ids;
    }
    static std::vector<Uuid> ids_of(const Composition& mail) {
        std::vector<Uuid> ids;
        for (const Entry& each : mail.entries) ids.push_back(each.request_id);
        return ids;
    }
    /// One mail of one entry, sent; the entry's id.
    static std::optional<Uuid> send_one(Outbox& outbox) {
        const auto claim = outbox.claim(long_lease);
        if (!claim) return std::nullopt;
        // Something came that is there already.
        std::size_t waiting = 0;
        test::once_available([&] { waiting = outbox.backlog(*claim, 1).entries; });
        if (waiting == 0) {
            test::once_available([&] { outbox.release(*claim, {}); });
            return std::nullopt;
        }
        // Where many want SQLite's one lock, its time-out can pass. Who claimed has to come to an end all the same.
        std::optional<Uuid> id;
        test::once_available([&] { id = outbox.compose(*claim, 1, false, {}, long_lease).entries.at(0).request_id; });
        test::once_available([&] { outbox.finish(*claim, Outbox::End::sent, ""); });
        test::once_available([&] { outbox.release(*claim, {}); });
        return id;
    }

    std::unique_ptr<test::OutboxPlace> place_ = GetParam().make();
    std::unique_ptr<Outbox> outbox_ = place_->open();
    const Uuid ann_ = Uuid::random();
    const Uuid bob_ = Uuid::random();
};

}  // namespace nearline::notification
