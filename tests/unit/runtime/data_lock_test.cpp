#include "runtime/data_lock.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support/temp_dir.hpp"

using nearline::DataLock;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

class DataLockTest : public testing::Test {
protected:
    const nearline::test::TempDir root_;
    const std::string folder_ = root_ / "a/data";
};

}  // namespace

TEST_F(DataLockTest, MakesAFolderForItsOwnerAlone) {
    const DataLock lock(folder_, "nearline up");
    struct stat status {};
    ASSERT_EQ(stat(folder_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(DataLockTest, RefusesASecondOneByName) {
    const DataLock lock(folder_, "nearline up");
    EXPECT_THAT([&] { DataLock(folder_, "nearline registry"); },
                ThrowsMessage<std::runtime_error>(
                    HasSubstr(folder_ + " is in use by nearline up (process " + std::to_string(getpid()) + ")")));
}

TEST_F(DataLockTest, WaitsForOneThatIsAboutToEnd) {
    auto first = std::make_unique<DataLock>(folder_, "nearline up");
    std::atomic<bool> holds{false};
    std::thread second([&] {
        const DataLock lock(folder_, "nearline up");
        holds = true;
    });
    EXPECT_FALSE(holds);
    first.reset();
    second.join();
    EXPECT_TRUE(holds);
}

TEST_F(DataLockTest, IsSharedByThoseWhoSaySo) {
    const DataLock one(folder_, "auth-svc", DataLock::Use::shared);
    const DataLock other(folder_, "notification-svc", DataLock::Use::shared);
    EXPECT_FALSE(DataLock::holder(folder_)) << "nobody has it alone";
    EXPECT_THAT([&] { DataLock(folder_, "nearline up"); },
                ThrowsMessage<std::runtime_error>(HasSubstr(folder_ + " is in use by auth-svc (process ")));
}

TEST_F(DataLockTest, NamesWhoIsLeftOfThoseWhoShareIt) {
    auto first = std::make_unique<DataLock>(folder_, "auth-svc", DataLock::Use::shared);
    const DataLock second(folder_, "notification-svc", DataLock::Use::shared);
    first.reset();
    EXPECT_THAT([&] { DataLock(folder_, "nearline up"); },
                ThrowsMessage<std::runtime_error>(HasSubstr(" is in use by notification-svc (process ")));
    EXPECT_NO_THROW(DataLock(folder_, "archive-svc", DataLock::Use::shared)) << "the first place is free again";
}

TEST_F(DataLockTest, IsNotSharedWithWhoHasItAlone) {
    {
        const DataLock lock(folder_, "nearline up");
        EXPECT_THAT([&] { DataLock(folder_, "auth-svc", DataLock::Use::shared); },
                    ThrowsMessage<std::runtime_error>(HasSubstr(folder_ + " is in use by nearline up (process ")));
    }
    EXPECT_NO_THROW(DataLock(folder_, "auth-svc", DataLock::Use::shared));
    EXPECT_NO_THROW(DataLock(folder_, "nearline up"));
}

TEST_F(DataLockTest, TellsWhoHoldsItAndWhere) {
    EXPECT_FALSE(DataLock::holder(folder_));
    {
        DataLock lock(folder_, "nearline up");
        lock.publish({{"auth", "http://127.0.0.1:5000"}, {"gateway", "http://127.0.0.1:1958"}});
        lock.publish({{"auth", "http://127.0.0.1:1"}});
        const auto holder = DataLock::holder(folder_);
        ASSERT_TRUE(holder);
        EXPECT_EQ(holder->pid, getpid());
        EXPECT_EQ(holder->program, "nearline up");
        EXPECT_EQ(holder->addresses, (std::map<std::string, std::string>{{"auth", "http://127.0.0.1:1"}}));
    }
    EXPECT_FALSE(DataLock::holder(folder_));
}

TEST_F(DataLockTest, AskingDoesNotEndTheLock) {
    const DataLock lock(folder_, "nearline up");
    EXPECT_TRUE(DataLock::holder(folder_));
    EXPECT_TRUE(DataLock::holder(folder_));
    EXPECT_THROW(DataLock(folder_, "other"), std::runtime_error);
}

TEST_F(DataLockTest, TakesOverWhatADeadProcessLeft) {
    const auto pid = fork();
    if (pid == 0) {
        const DataLock lock(folder_, "the dead");
        _exit(0);
    }
    ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
    EXPECT_TRUE(std::filesystem::exists(folder_ + "/lock"));
    EXPECT_FALSE(DataLock::holder(folder_));
    EXPECT_NO_THROW(DataLock(folder_, "the living"));
}

TEST_F(DataLockTest, SaysWhyAFolderCannotBeUsed) {
    std::ofstream(root_ / "file") << "x";
    EXPECT_THAT([&] { DataLock(root_ / "file", "nearline up"); },
                ThrowsMessage<std::runtime_error>(HasSubstr("file can't be made: Not a directory")));
    EXPECT_THAT([] { DataLock("/proc/nearline", "nearline up"); },
                ThrowsMessage<std::runtime_error>(HasSubstr("/proc/nearline can't be made: ")));
    std::filesystem::create_directories(std::filesystem::path(folder_) / "lock");
    EXPECT_THAT([&] { DataLock(folder_, "nearline up"); },
                ThrowsMessage<std::runtime_error>(HasSubstr("data can't be used: ")));
}
