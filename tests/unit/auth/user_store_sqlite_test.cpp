#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "auth/user_admin.hpp"
#include "support/temp_dir.hpp"

namespace nearline::auth {
namespace {

/// While it lives, no file can be written beyond a few bytes, as on a full disk.
class NoRoom {
public:
    NoRoom() {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        auto none = before_;
        none.rlim_cur = 1'024;
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~NoRoom() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, SIG_DFL);
    }
    NoRoom(const NoRoom&) = delete;
    NoRoom& operator=(const NoRoom&) = delete;

private:
    struct rlimit before_ {};
};

TEST(SqliteUserStore, ThatCouldNotBeWrittenIsAwayUntilItCan) {
    const test::TempDir folder;
    const auto store = make_user_store("sqlite:" + (folder / "users.db"), "");
    store->prepare();
    ASSERT_TRUE(add_user(*store, {"ann@example.com", "correct horse", true}, 1));
    {
        const NoRoom full;
        EXPECT_NO_THROW(store->ping()) << "nobody has wanted to write";
        EXPECT_THROW(add_user(*store, {"bob@example.com", "correct horse", false}, 1), Unavailable);
        EXPECT_TRUE(store->find_by_name("ann@example.com")) << "what is there can be read";
        EXPECT_THROW(store->ping(), Unavailable);
        EXPECT_THROW(store->ping(), Unavailable) << "and again";
    }
    EXPECT_NO_THROW(store->ping());
    EXPECT_TRUE(add_user(*store, {"bob@example.com", "correct horse", false}, 1));
}

}  // namespace
}  // namespace nearline::auth
