// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Permissions} from "../../contracts/chain/Permissions.sol";
import {IPermissions} from "../../contracts/chain/IPermissions.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title The Alliance setting powers, peers and limits of every size, and strangers who try
contract ChainActors is Cheats {
    Permissions private immutable _permissions;
    address private immutable _alliance;

    mapping(bytes32 => uint64) public power; // as it was accepted
    uint256 private _block;
    uint256 private _totalBefore; // the block
    uint256 private _movedInBlock;

    constructor(Permissions permissions, address alliance) {
        (_permissions, _alliance) = (permissions, alliance);
        IPermissions.ValidatorPower[] memory set = permissions.validators();
        for (uint256 i = 0; i < set.length; ++i) {
            power[set[i].key] = set[i].power;
        }
    }

    function total() public view returns (uint256 sum) {
        for (uint256 i = 0; i < 8; ++i) {
            sum += power[word("validator", i)];
        }
    }

    function setValidator(bool byAlliance, uint256 keySeed, uint64 value, uint32 institution) external {
        bytes32 key = word("validator", keySeed % 8);
        IPermissions.Validator memory before = _permissions.validator(key);
        value = value % 16 == 0 ? value : uint64(bound(value, 0, 2 * uint256(before.power) + 1));
        if (before.index == 0 && value % 4 != 0) value = 1;
        institution = before.index != 0 && institution % 8 != 0 ? before.institution : uint32(bound(institution, 0, 6));
        if (_block != block.number) (_block, _movedInBlock, _totalBefore) = (block.number, 0, total());
        vm.prank(byAlliance ? _alliance : address(this));
        try _permissions.setValidator(key, value, institution) {
            require(byAlliance, "set by a stranger");
            require(before.index != 0 || value == 1, "a validator entered with more than one");
            require(institution != 0 && (before.index == 0 || before.institution == institution), "of another");
            uint64 moved = before.power > value ? before.power - value : value - before.power;
            _movedInBlock += moved;
            require(3 * _movedInBlock < _totalBefore, "a third of the power moved in one block");
            power[key] = value;
        } catch {}
    }

    function setParameters(
        bool byAlliance,
        uint64 gasLimit,
        uint32[3] memory bytesSeeds,
        uint16 heartbeat,
        uint8 shape
    ) external {
        IPermissions.Parameters memory p = IPermissions.Parameters(
            shape & 1 == 0 ? gasLimit : uint64(bound(gasLimit, 10_000_000, 1_000_000_000)),
            shape & 2 == 0 ? bytesSeeds[0] : uint32(bound(bytesSeeds[0], 262_144, 104_857_600)),
            shape & 4 == 0 ? bytesSeeds[1] : uint32(bound(bytesSeeds[1], 131_072, 1_000_000)),
            shape & 8 == 0 ? heartbeat : uint16(bound(heartbeat, 1, 60)),
            shape & 16 == 0 ? bytesSeeds[2] : uint32(bound(bytesSeeds[2], 1024, 262_144))
        );
        vm.prank(byAlliance ? _alliance : address(this));
        try _permissions.setParameters(p) {
            require(byAlliance, "set by a stranger");
        } catch {}
    }

    function setPeer(bool byAlliance, uint8 peer, bool allowed) external {
        bytes20 id = bytes20(word("peer", peer % 6));
        vm.prank(byAlliance ? _alliance : address(this));
        try _permissions.setPeer(id, allowed) {
            require(byAlliance && _permissions.isPeer(id) == allowed, "set by a stranger, or not set");
        } catch {
            require(!byAlliance, "a good peer was refused");
        }
    }

    function countReason(address account, bool isRelease) external {
        bytes memory data = isRelease
            ? abi.encodeCall(IPermissions.release, (account))
            : abi.encodeCall(IPermissions.acquire, (account));
        (bool isDone, bytes memory reason) = address(_permissions).call(data);
        require(!isDone && bytes4(reason) == IPermissions.PermissionsNotOperators.selector, "a stranger counted");
    }

    function mine() external {
        vm.roll(block.number + 1);
    }
}

/// @title Claims on the chain's own parameters that hold whatever was voted
contract ValidatorsTest is Suite {
    ChainActors private actors;

    function setUp() public {
        deploy(5);
        actors = new ChainActors(permissions, address(alliance));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_limitsNeverGoBelowTheirFloors() public view {
        IPermissions.Parameters memory p = permissions.parameters();
        require(p.gasLimit >= 10_000_000 && p.gasLimit <= 1_000_000_000, "gas limit");
        require(p.maxTransactionBytes >= 131_072, "a vote would not fit into a transaction");
        require(
            uint256(p.maxBlockBytes) >= 2 * uint256(p.maxTransactionBytes), "a transaction would not fit into a block"
        );
        require(p.heartbeatSeconds >= 1 && p.heartbeatSeconds <= 60, "heartbeat");
        require(p.evidenceMaxBytes >= 1024 && p.evidenceMaxBytes <= p.maxBlockBytes, "evidence");
    }

    function invariant_theSetIsNeverEmptyNorDoubleAndNobodyHoldsAThird() public view {
        IPermissions.ValidatorPower[] memory set = permissions.validators();
        require(set.length > 0, "nobody validates");
        uint256[7] memory powers;
        for (uint256 i = 0; i < set.length; ++i) {
            require(set[i].power > 0 && set[i].power == actors.power(set[i].key), "a power differs from the voted one");
            powers[set[i].institution] += set[i].power;
            for (uint256 j = 0; j < i; ++j) {
                require(set[i].key != set[j].key, "a validator stands twice");
            }
        }
        uint256 institutions = 0;
        for (uint256 i = 1; i < powers.length; ++i) {
            require(3 * powers[i] < actors.total(), "an institution holds a third");
            if (powers[i] > 0) ++institutions;
        }
        require(institutions >= 4, "fewer than four institutions, without all votes");
    }

    function invariant_peersAreListedOnce() public view {
        bytes20[] memory peers = permissions.peers();
        for (uint256 i = 0; i < peers.length; ++i) {
            require(permissions.isPeer(peers[i]), "a listed peer is none");
            for (uint256 j = 0; j < i; ++j) {
                require(peers[i] != peers[j], "a peer stands twice");
            }
        }
    }
}
