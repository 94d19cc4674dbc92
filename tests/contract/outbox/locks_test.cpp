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
    std::vector<Entry> entries;
    entries.reserve(6'000);
    for (int i = 0; i < 1'000; ++i) {
        entries.push_back(entry(bob, i));
        for (int mine = 0; mine < 5; ++mine) entries.push_back(entry(ann, 5 * i + mine));
    }
    outbox->add(entries);
    auto claim = outbox->claim(long_lease);
    if (claim->user != ann) claim = outbox->claim(long_lease);
    ASSERT_EQ(ann, claim->user);

    store::MysqlConnection other(database.options());
    other.begin();
    ASSERT_EQ(1'000U,
              other.execute("SELECT id FROM outbox_entries WHERE user = ? FOR UPDATE", {bob.to_string()}).rows.size());
    EXPECT_EQ(1U, outbox->compose(*claim, 1, false, {}, long_lease).entries.size());
    outbox->finish(*claim, Outbox::End::sent, "");
    EXPECT_EQ(20U, outbox->compose(*claim, 20, true, {}, long_lease).entries.size());
    other.rollback();
}

}  // namespace
}  // namespace nearline::notification
