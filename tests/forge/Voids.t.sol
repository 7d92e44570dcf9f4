// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title The keepers of two lists with a batch each, thieves who try, GOVERN who lifts, the Alliance who clears; time
/// passes; with a note of which batches should be out of force
contract VoidActors is Cheats {
    StatusRegistry private immutable _status;
    address private immutable _alliance;
    address[] private _actors; // STATUS 1, STATUS 2, GOVERN 1, GOVERN 2, then those who may do neither
    bytes32[] private _batches; // of institution 1, of institution 2

    uint32 public constant SIZE = 30;
    mapping(bytes32 => bool) public isVoid;
    mapping(bytes32 => uint256) public revokedFrom;

    constructor(StatusRegistry status, address alliance, address[] memory actors, bytes32[] memory batches) {
        (_status, _alliance, _actors, _batches) = (status, alliance, actors, batches);
    }

    function voidBatch(uint256 actorSeed, uint256 batchSeed, uint8 reason, uint256 slip) external {
        (address actor, bytes32 id, bool may) = _choose(actorSeed, batchSeed, 0);
        uint32 size = slip % 8 == 0 ? SIZE + 1 : SIZE;
        reason = uint8(bound(reason, 0, 4));
        if (slip % 7 == 0) id = keccak256(abi.encode(id)); // never recorded
        may = may && size == SIZE && reason <= 3 && slip % 7 != 0 && !isVoid[id];
        vm.prank(actor);
        try _status.voidBatch(1, id, size, reason) {
            require(may, "voided by one who may not, or what cannot be void");
            (isVoid[id], revokedFrom[id]) = (true, block.timestamp + 3 days);
        } catch {
            require(!may, "a good voiding was refused");
        }
    }

    function liftVoid(uint256 actorSeed, uint256 batchSeed) external {
        (address actor, bytes32 id, bool may) = _choose(actorSeed, batchSeed, 2);
        may = may && isVoid[id] && block.timestamp < revokedFrom[id];
        vm.prank(actor);
        try _status.liftVoid(1, id) {
            require(may, "lifted by one who may not, or too late");
            isVoid[id] = false;
        } catch {
            require(!may, "a good lifting was refused");
        }
    }

    function clearVoid(uint256 actorSeed, uint256 batchSeed, bool byAlliance) external {
        bytes32 id = _batches[batchSeed % 2];
        vm.prank(byAlliance ? _alliance : _actors[actorSeed % _actors.length]);
        try _status.clearVoid(1, id, keccak256("minutes")) {
            require(byAlliance && isVoid[id], "cleared without a vote");
            isVoid[id] = false;
        } catch {
            require(!byAlliance || !isVoid[id], "a voted clearing was refused");
        }
    }

    function timePasses(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 2 days));
    }

    /// @dev Who may void stands at `first` + the batch's place among the actors, mostly chosen.
    function _choose(uint256 actorSeed, uint256 batchSeed, uint256 first)
        private
        view
        returns (address actor, bytes32 id, bool may)
    {
        uint256 place = actorSeed % 8 < 5 ? first + batchSeed % 2 : actorSeed % _actors.length;
        return (_actors[place], _batches[batchSeed % 2], place == first + batchSeed % 2);
    }
}

/// @title Claims on void batches that hold whatever was called
contract VoidsTest is Suite {
    VoidActors private actors;
    bytes32[] private ids;

    function setUp() public {
        deploy(2);
        for (uint32 i = 1; i <= 2; ++i) {
            admit(i);
            vm.prank(accountOf(i, "i", 0));
            status.openList(17);
            vm.prank(accountOf(i, "i", 0));
            ids.push(batches.anchor(word("root", i), 30, i, 0, 1, 1));
        }
        address[] memory who = new address[](8);
        (who[0], who[1]) = (accountOf(1, "s", 0), accountOf(2, "s", 0));
        (who[2], who[3]) = (accountOf(1, "g", 0), accountOf(2, "g", 0));
        (who[4], who[5], who[6], who[7]) =
            (accountOf(1, "i", 0), accountOf(1, "a", 0), accountOf(2, "r", 0), address(this));
        actors = new VoidActors(status, address(alliance), who, ids);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_aVoidBatchIsNeverInForceBeforeItWasLiftedOrCleared() public view {
        for (uint256 i = 0; i < ids.length; ++i) {
            (bool revoked, bool suspended) = status.batchStatusOf(1, ids[i]);
            require(!revoked || !suspended, "a batch counts as both");
            require((revoked || suspended) == actors.isVoid(ids[i]), "whether a batch is void differs");
            if (revoked || suspended) {
                require(revoked == (block.timestamp >= actors.revokedFrom(ids[i])), "revoked at another second");
            }
        }
    }

    function invariant_aVoidingChangesNoBit() public view {
        for (uint32 list = 1; list <= 2; ++list) {
            (uint256[] memory revoked, uint256[] memory suspended) = status.words(list, 0, 1);
            require(revoked[0] | suspended[0] == 0, "a voiding changed a bit");
        }
    }
}
