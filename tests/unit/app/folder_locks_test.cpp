#include "app/folder_locks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace nearline::app {
namespace {

using Use = DataLock::Use;

class Locks : public testing::Test {
protected:
    TemporaryFolder folder_;
    const std::string data_ = folder_.path("data");
    FolderLocks locks_{"nearline up"};
};

TEST_F(Locks, AreTakenOnceHoweverTheFolderIsSpelled) {
    EXPECT_NE(locks_.hold(data_, Use::alone), nullptr);
    EXPECT_EQ(locks_.hold(data_ + "/", Use::alone), nullptr);
    EXPECT_NO_THROW(locks_.hold_file("sqlite:" + data_ + "/../data/users.db"));
    EXPECT_NO_THROW(locks_.hold(std::filesystem::relative(data_).string(), Use::alone));
}

TEST_F(Locks, OfAFilesFolderAreShared) {
    locks_.hold_file("sqlite:" + data_ + "/users.db");
    FolderLocks others("auth-svc");
    EXPECT_NO_THROW(others.hold_file("sqlite:" + data_ + "/archive.db"));
    EXPECT_THROW(FolderLocks("nearline registry").hold(data_, Use::alone), std::runtime_error);
}

TEST_F(Locks, OnesOfOthersAreInTheWay) {
    locks_.hold(data_, Use::alone);
    EXPECT_THROW(FolderLocks("auth-svc").hold_file("sqlite:" + data_ + "/users.db"), std::runtime_error);
}

TEST_F(Locks, AreNotTakenWhereSomethingElseTakesThemOrNoFileIsNamed) {
    locks_.add_known(data_);
    locks_.hold_file("sqlite:" + data_ + "/users.db");
    locks_.hold_file("mysql://nearline@db:3306/nearline");
    EXPECT_NO_THROW(FolderLocks("another").hold(data_, Use::alone));
}

}  // namespace
}  // namespace nearline::app
