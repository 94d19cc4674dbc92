// Whom a sender stands in the way of, in MySQL: nobody who mails another user.

#include "contract/outbox/fixture.hpp"

namespace nearline::notification {
namespace {

TEST(OutboxLocks, AMailIsComposedWhileOthersRowsAreLocked) {
    const test::MysqlDatabase database;
    const auto outbox = make_mysql_outbox(database.options());
    outbox->prepare();
    const Uuid ann = Uuid::random();
    const Uuid bob = Uuid::random();
    constexpr int each = 5'000;  // with that many, MariaDB's optimizer finds a user's by their state if it may
    std::vector<Entry> entries;
    entries.reserve(2 * each);
    for (int i = 0; i < each; ++i) {
        entries.push_back(entry(bob, i));
        entries.push_back(entry(ann, i));
    }
    outbox->add(entries);
    auto claim = outbox->claim(long_lease);
    if (claim->user != ann) claim = outbox->claim(long_lease);
    ASSERT_EQ(ann, claim->user);

    // As an outbox locks: the rows alone. With MySQL's default the gap before them is locked, too, and that is where
    // Ann's composed entries go if her id is the smaller one.
    store::MysqlOptions options = database.options();
    options.read_committed = true;
    store::MysqlConnection other(options);
    other.begin();
    ASSERT_EQ(std::size_t{each},
              other.execute("SELECT id FROM outbox_entries WHERE user = ? FOR UPDATE", {bob.to_string()}).rows.size());
    EXPECT_EQ(1U, outbox->compose(*claim, 1, false, {}, long_lease).entries.size());
    outbox->finish(*claim, Outbox::End::sent, "");
    EXPECT_EQ(20U, outbox->compose(*claim, 20, true, {}, long_lease).entries.size());
    other.rollback();
}

}  // namespace
}  // namespace nearline::notification
