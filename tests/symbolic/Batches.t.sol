// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialBatches} from "../../contracts/credentials/CredentialBatches.sol";
import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {ICredentialBatches} from "../../contracts/credentials/ICredentialBatches.sol";
import {Surroundings} from "./Surroundings.sol";

/// @title A batch's one slot, for every value of every field at once
contract BatchProofs is Surroundings {
    CredentialBatches private batches;

    function setUp() public {
        batches = new CredentialBatches(address(this), address(this));
    }

    function _current(bytes32 name) internal view override returns (address) {
        return name == "CredentialBatches" ? address(batches) : address(this);
    }

    function check_theSlotGivesBackEveryField(
        ICredentialBatches.Anchoring memory a,
        uint32 issuer,
        uint16 index,
        uint16 statusVersion,
        uint40 time,
        uint40 number
    ) public {
        vm.assume(issuer != 0 && a.size != 0 && (a.kind == 1 || a.kind == 2) && statusVersion < 256);
        (institution, operatorIndex, version) = (issuer, index, statusVersion);
        vm.warp(time);
        vm.roll(number);
        bytes32 id = batches.anchor(a.root, a.size, a.list, a.first, a.scopeIndex, a.kind);
        ICredentialBatches.Batch memory record = batches.batch(id);
        assert(record.issuer == issuer && record.operatorIndex == index && record.scopeIndex == a.scopeIndex);
        assert(record.list == a.list && record.size == a.size && record.first == a.first && record.kind == a.kind);
        assert(record.time == time && record.blockNumber == number && record.statusVersion == statusVersion);
    }

    function check_aRecordedBatchStaysAndAnswersToItsOwnAlone(
        ICredentialBatches.Anchoring memory a,
        uint32 first,
        uint16 scopeIndex,
        uint16 index,
        uint40 time
    ) public {
        vm.assume(a.size != 0 && (a.kind == 1 || a.kind == 2));
        bytes32 id = batches.anchor(a.root, a.size, a.list, a.first, a.scopeIndex, a.kind);
        ICredentialBatches.Batch memory before = batches.batch(id);
        operatorIndex = index;
        vm.warp(time);
        bool isOwn = first == a.first && scopeIndex == a.scopeIndex && (index == 1 || index == holder);
        try batches.anchor(a.root, a.size, a.list, first, scopeIndex, a.kind) returns (bytes32 again) {
            assert(isOwn && again == id);
        } catch {
            assert(!isOwn);
        }
        ICredentialBatches.Batch memory record = batches.batch(id);
        assert(record.operatorIndex == before.operatorIndex && record.scopeIndex == before.scopeIndex);
        assert(record.first == before.first && record.time == before.time && record.size == before.size);
    }
}

/// @title The counter's arithmetic, for every size and first at once
contract CounterProofs is Surroundings {
    StatusRegistry private status;

    function setUp() public {
        status = new StatusRegistry(address(this), address(this), address(this), 1);
    }

    function _current(bytes32 name) internal view override returns (address) {
        return name == "StatusRegistry" ? address(status) : address(this);
    }

    function check_theCounterNeverPassesTheEnd(uint32 first, uint32 size, uint32 second, uint32 more) public {
        status.openList(17);
        try status.advance(1, 1, 1, first, size) {
            assert(first == 0 && uint256(size) <= 1 << 17 && status.listOf(1).next == size);
        } catch {
            assert(first != 0 || size > 1 << 17);
            return;
        }
        try status.advance(1, 1, 1, second, more) {
            assert(second == size && uint256(size) + more <= 1 << 17 && status.listOf(1).next == size + more);
        } catch {
            assert(second != size || uint256(size) + more > 1 << 17);
        }
    }
}
