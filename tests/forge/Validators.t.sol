// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IChainParameters} from "../../contracts/chain/IChainParameters.sol";
import {IKeyExchanges} from "../../contracts/chain/IKeyExchanges.sol";
import {IPermissions} from "../../contracts/chain/IPermissions.sol";
import {IValidators} from "../../contracts/chain/IValidators.sol";
import {Permissions} from "../../contracts/chain/Permissions.sol";
import {Alliance} from "../../contracts/governance/Alliance.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title The Alliance setting powers, peers, limits and members, institutions that leave or change their keys, and
/// strangers who try
contract ChainActors is Cheats {
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;
    uint256 private constant KEYS = 8;

    Permissions private immutable _permissions;
    address private immutable _alliance;
    address[] private _controllers; // GOVERN and ADMIN of each institution, in order

    mapping(bytes32 => uint64) public power; // as it was accepted
    mapping(bytes32 => uint256) private _requestedBy;
    uint256 private _block;
    uint256 private _totalBefore; // the block
    uint256 private _movedInBlock;

    constructor(Permissions permissions, address alliance, address[] memory controllers) {
        (_permissions, _alliance, _controllers) = (permissions, alliance, controllers);
        IValidators.ValidatorPower[] memory set = permissions.validators();
        for (uint256 i = 0; i < set.length; ++i) {
            power[set[i].key] = set[i].power;
        }
    }

    function total() public view returns (uint256 sum) {
        for (uint256 i = 0; i < KEYS; ++i) {
            sum += power[word("validator", i)];
        }
    }

    function setValidator(bool byAlliance, uint256 keySeed, uint64 value, uint32 institution) external {
        bytes32 key = word("validator", keySeed % 8);
        IValidators.Validator memory before = _permissions.validator(key);
        value = value % 16 == 0 ? value : uint64(bound(value, 0, 2 * uint256(before.power) + 1));
        if (before.index == 0 && value % 4 != 0) value = 1;
        institution = before.index != 0 && institution % 8 != 0 ? before.institution : uint32(bound(institution, 0, 6));
        vm.prank(byAlliance ? _alliance : address(this));
        try _permissions.setValidator(key, value, institution) {
            require(byAlliance, "set by a stranger");
            require(_permissions.follows(key) == 0 || value <= 1, "a key was raised that has yet to sign");
            require(before.index != 0 || value == 1, "a validator entered with more than one");
            require(institution != 0 && (before.index == 0 || before.institution == institution), "of another");
            _move(before.power > value ? before.power - value : value - before.power);
            power[key] = value;
        } catch {}
    }

    function withdraw(uint256 keySeed, uint256 actorSeed) external {
        bytes32 key = word("validator", keySeed % KEYS);
        IValidators.Validator memory before = _permissions.validator(key);
        vm.prank(_controllers[actorSeed % _controllers.length]);
        try _permissions.withdrawValidator(key) {
            require(actorSeed % _controllers.length == 2 * uint256(before.institution - 1), "left by another's word");
            _move(before.power);
            power[key] = 0;
        } catch {}
    }

    function changeMember(bool isRemoval, uint32 institution) external {
        institution = uint32(bound(institution, 1, 6));
        vm.prank(_alliance);
        (bool isDone,) = _alliance.call(
            isRemoval
                ? abi.encodeCall(Alliance(_alliance).removeMember, (institution))
                : abi.encodeCall(Alliance(_alliance).addMember, (institution))
        );
        if (!isDone || !isRemoval) return;
        for (uint256 i = 0; i < KEYS; ++i) {
            bytes32 key = word("validator", i);
            if (_permissions.validator(key).index != 0 || power[key] == 0) continue;
            _move(power[key]);
            power[key] = 0;
        }
    }

    function exchange(uint8 step, uint256 oldSeed, uint256 newSeed, uint256 actorSeed) external {
        bytes32 old = word("validator", oldSeed % KEYS);
        bytes32 next = word("validator", newSeed % KEYS);
        uint256 actor = actorSeed % _controllers.length;
        uint256 own = uint256(_permissions.validator(old).institution);
        if (own != 0 && actorSeed % 8 != 0) actor = 2 * (own - 1) + actorSeed % 2;
        IKeyExchanges.Exchange memory record = _permissions.exchange(old);
        if (step % 2 == 1 && record.newKey != 0) next = record.newKey;
        if (step % 5 == 0) {
            vm.prank(_controllers[actor]);
            try _permissions.requestExchange(old, next) {
                require(actor / 2 + 1 == own && _permissions.usedBy(next) == 0, "requested by another, or for an old key");
                _requestedBy[old] = actor;
            } catch {}
        } else if (step % 5 == 1) {
            vm.prank(_controllers[actor]);
            try _permissions.approveExchange(old, next) {
                require(actor / 2 + 1 == own && actor != _requestedBy[old], "one account exchanged a key");
            } catch {}
        } else if (step % 5 == 2) {
            try _permissions.enterExchange(old) {
                _move(1);
                power[record.newKey] = 1;
            } catch {}
        } else if (step % 5 == 3) {
            vm.prank(_controllers[actor]);
            try _permissions.cancelExchange(old) {
                require(actor / 2 + 1 == record.institution, "cancelled by another");
                if (record.state != IKeyExchanges.ExchangeState.Entered) return;
                _move(1);
                power[record.newKey] = 0;
            } catch {}
        } else {
            bytes32 followed = _permissions.follows(next);
            vm.prank(SYSTEM);
            _permissions.confirmSigning(next); // never reverts
            if (followed == 0 || _permissions.follows(next) != 0) return;
            _move(power[followed]);
            (power[next], power[followed]) = (power[followed], 0);
        }
    }

    /// @dev A key comes in whole, which single steps seldom reach.
    function bringIn(uint256 oldSeed, uint256 newSeed) external {
        bytes32 old = word("validator", oldSeed % KEYS);
        bytes32 next = word("validator", newSeed % KEYS);
        uint256 own = uint256(_permissions.validator(old).institution);
        if (own == 0 || own > _controllers.length / 2 || _permissions.usedBy(next) != 0) return;
        if (_permissions.exchange(old).state != IKeyExchanges.ExchangeState.None) return;
        vm.prank(_controllers[2 * (own - 1)]);
        try _permissions.requestExchange(old, next) {} catch { return; }
        _requestedBy[old] = 2 * (own - 1);
        vm.prank(_controllers[2 * (own - 1) + 1]);
        _permissions.approveExchange(old, next);
        vm.roll(block.number + 1);
        vm.warp(block.timestamp + 3 days);
        try _permissions.enterExchange(old) {
            _move(1);
            power[next] = 1;
        } catch {}
    }

    function _move(uint64 moved) private {
        if (_block != block.number) (_block, _movedInBlock, _totalBefore) = (block.number, 0, total());
        _movedInBlock += moved;
        require(3 * _movedInBlock < _totalBefore, "a third of the power moved in one block");
    }

    function setParameters(
        bool byAlliance,
        uint64[4] memory gasSeeds,
        uint32[3] memory bytesSeeds,
        uint32[2] memory ages,
        uint16 heartbeat,
        uint16 shape
    ) external {
        IChainParameters.Parameters memory p;
        p.gasLimit = shape & 1 == 0 ? gasSeeds[0] : uint64(bound(gasSeeds[0], 10_000_000, 1_000_000_000));
        p.maxBlockBytes = shape & 2 == 0 ? bytesSeeds[0] : uint32(bound(bytesSeeds[0], 262_144, 104_857_600));
        p.maxTransactionBytes = shape & 4 == 0 ? bytesSeeds[1] : uint32(bound(bytesSeeds[1], 131_072, 1_000_000));
        p.heartbeatSeconds = shape & 8 == 0 ? heartbeat : uint16(bound(heartbeat, 1, 60));
        p.evidenceMaxBytes = shape & 16 == 0 ? bytesSeeds[2] : uint32(bound(bytesSeeds[2], 1024, 262_144));
        p.evidenceMaxAgeSeconds = shape & 32 == 0 ? ages[0] : uint32(bound(ages[0], 1 days, 3650 days));
        p.evidenceMaxAgeBlocks = shape & 64 == 0 ? ages[1] : uint32(bound(ages[1], 1000, 1_000_000_000));
        p.transactionGas = shape & 128 == 0 ? gasSeeds[1] : uint64(bound(gasSeeds[1], 10_000_000, 1_000_000_000));
        p.unnamedGas = shape & 256 == 0 ? gasSeeds[2] : uint64(bound(gasSeeds[2], 100_000, 100_000_000));
        p.creationGas = shape & 512 == 0 ? gasSeeds[3] : uint64(bound(gasSeeds[3], 6_000_000, 100_000_000));
        vm.prank(byAlliance ? _alliance : address(this));
        try _permissions.setParameters(p) {
            require(byAlliance, "set by a stranger");
        } catch {}
    }

    function setPeer(bool byAlliance, uint8 peer, bool allowed) external {
        bytes20 id = bytes20(word("peer", peer % 8));
        uint256 left = _permissions.peers().length;
        vm.prank(byAlliance ? _alliance : address(this));
        try _permissions.setPeer(id, allowed) {
            require(byAlliance && _permissions.isPeer(id) == allowed, "set by a stranger, or not set");
            require(left == 0 || _permissions.peers().length >= (left < 3 ? left : 3), "too few peers were left");
        } catch {
            require(!byAlliance || (!allowed && left <= 5), "a good peer was refused");
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
        vm.warp(block.timestamp + 1 days);
    }
}

/// @title Claims on the chain's own parameters that hold whatever was voted
contract ValidatorsTest is Suite {
    ChainActors private actors;

    function setUp() public {
        deploy(5);
        address[] memory controllers = new address[](10);
        for (uint32 i = 0; i < 5; ++i) {
            (controllers[2 * i], controllers[2 * i + 1]) = (accountOf(i + 1, "g", 0), accountOf(i + 1, "a", 0));
        }
        actors = new ChainActors(permissions, address(alliance), controllers);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_limitsNeverGoBelowTheirFloors() public view {
        IChainParameters.Parameters memory p = permissions.parameters();
        require(p.gasLimit >= 10_000_000 && p.gasLimit <= 1_000_000_000, "gas limit");
        require(p.maxTransactionBytes >= 131_072, "a vote would not fit into a transaction");
        require(
            uint256(p.maxBlockBytes) >= 2 * uint256(p.maxTransactionBytes), "a transaction would not fit into a block"
        );
        require(p.heartbeatSeconds >= 1 && p.heartbeatSeconds <= 60, "heartbeat");
        require(p.evidenceMaxBytes >= 1024 && p.evidenceMaxBytes <= p.maxBlockBytes, "evidence");
        require(p.evidenceMaxAgeSeconds >= 1 days && p.evidenceMaxAgeBlocks >= 1000, "evidence is soon too old");
        require(p.transactionGas >= 10_000_000, "a vote would not be taken");
        require(p.unnamedGas >= 100_000 && p.creationGas >= 6_000_000, "gas for other code");
    }

    function invariant_everyValidatorsInstitutionIsAMember() public view {
        IValidators.ValidatorPower[] memory set = permissions.validators();
        for (uint256 i = 0; i < set.length; ++i) {
            require(alliance.isMember(set[i].institution), "one validates that is no member");
        }
    }

    function invariant_aKeyThatFollowsAnotherHasOneUntilItSigns() public view {
        IValidators.ValidatorPower[] memory set = permissions.validators();
        for (uint256 i = 0; i < set.length; ++i) {
            bytes32 followed = permissions.follows(set[i].key);
            if (followed == 0) continue;
            require(set[i].power == 1, "a key has power before it signed");
            require(permissions.validator(followed).institution == set[i].institution, "it follows nobody of its own");
        }
    }

    function invariant_theSetIsNeverEmptyNorDoubleAndNobodyHoldsAThird() public view {
        IValidators.ValidatorPower[] memory set = permissions.validators();
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
