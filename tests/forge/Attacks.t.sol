// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialBatches} from "../../contracts/credentials/CredentialBatches.sol";
import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {ICredentialBatches} from "../../contracts/credentials/ICredentialBatches.sol";
import {IStatusLists} from "../../contracts/credentials/IStatusLists.sol";
import {IControllers} from "../../contracts/governance/IControllers.sol";
import {IDirectory} from "../../contracts/governance/IDirectory.sol";
import {IMembership} from "../../contracts/governance/IMembership.sol";
import {IOperators} from "../../contracts/governance/IOperators.sol";
import {IProposals} from "../../contracts/governance/IProposals.sol";
import {IPeers} from "../../contracts/chain/IPeers.sol";
import {IPermissions} from "../../contracts/chain/IPermissions.sol";
import {IValidators} from "../../contracts/chain/IValidators.sol";
import {IIssuerRegistry} from "../../contracts/registry/IIssuerRegistry.sol";
import {IKeys} from "../../contracts/registry/IKeys.sol";
import {IScopes} from "../../contracts/registry/IScopes.sol";
import {IssuerRegistry} from "../../contracts/registry/IssuerRegistry.sol";
import {Acting} from "./Acting.sol";

/// @title Attacks that worked on the first edition of these contracts, and what stops each
contract AttacksTest is Acting {
    bytes32 private constant KEY = keccak256("ed25519 of institution 1");
    bytes32 private constant KEY_HASH = keccak256(abi.encodePacked(KEY));

    function test_whatAStolenAdminVoidsAVoteRestores() public {
        deploy(4);
        admit(1);
        vm.prank(a(1));
        keys.addKey(KEY, 1);
        bytes32 id = anchor(accountOf(1, "i", 0), ROOT, openList(1), 0);
        vm.warp(block.timestamp + 89 days);
        uint40 back = uint40(block.timestamp - 90 days);
        vm.prank(a(1));
        keys.markKeyCompromised(1, KEY_HASH, back);
        vm.prank(a(1));
        operators.markOperatorCompromised(accountOf(1, "i", 0), back);

        uint40 later = uint40(block.timestamp);
        decide(3, address(keys), abi.encodeCall(IKeys.restoreKey, (1, KEY_HASH, later, DOCUMENT)));
        decide(3, address(operators), abi.encodeCall(IOperators.restoreOperator, (accountOf(1, "i", 0), later)));
        ICredentialBatches.Batch memory record = batches.batch(id);
        require(record.time < keys.key(1, KEY_HASH).compromisedSince, "the key is still void");
        require(record.time < operators.operator(1, record.operatorIndex).compromisedSince, "the account is still void");
        bytes memory again = abi.encodeCall(IKeys.markKeyCompromised, (1, KEY_HASH, later - 1));
        refused(a(1), address(keys), again, IKeys.KeysRestoredByVote.selector);
    }

    function test_aReadmittedIssuerHasNoScopeOfBefore() public {
        deploy(4);
        admit(1);
        uint32 list = openList(1);
        decide(3, address(registry), abi.encodeCall(IIssuerRegistry.withdraw, (1, DOCUMENT)));
        IScopes.Terms[] memory narrow = new IScopes.Terms[](1);
        narrow[0] = IScopes.Terms(1, 7, 2, 2, 86, uint40(block.timestamp), 0);
        decide(3, address(registry), abi.encodeCall(IIssuerRegistry.admit, (1, narrow, DOCUMENT)));
        bytes memory wide = abi.encodeCall(ICredentialBatches.anchor, (ROOT, 1000, list, 0, 1, 1));
        refused(accountOf(1, "i", 0), address(batches), wide, IScopes.IssuerRegistryScopeOfOldAdmission.selector);
    }

    function test_aMistakenEntryIsRefusedOrCancelledAndNothingStops() public {
        deploy(4);
        admit(1);
        uint32 list = openList(1);
        bytes memory slip = abi.encodeCall(IDirectory.set, ("StatusRegistry", address(permissions), 1));
        refusedToAll(address(directory), slip, IDirectory.DirectoryUnfit.selector);
        slip = abi.encodeCall(IDirectory.set, ("IssuerRegistry", address(permissions), 1));
        refusedToAll(address(directory), slip, IDirectory.DirectoryUnfit.selector);

        StatusRegistry wrong = new StatusRegistry(address(alliance), address(operators), address(directory), 9);
        decide(3, address(directory), abi.encodeCall(IDirectory.set, ("StatusRegistry", address(wrong), 1)));
        StatusRegistry right = new StatusRegistry(address(alliance), address(operators), address(directory), 1);
        bytes memory next = abi.encodeCall(IDirectory.set, ("StatusRegistry", address(right), 1));
        refusedToAll(address(directory), next, IDirectory.DirectoryEntryWaits.selector);
        uint256 id = adopt(3, address(directory), abi.encodeCall(IDirectory.cancel, ("StatusRegistry", DOCUMENT)));
        alliance.execute(id); // without delay
        decide(3, address(directory), next);
        anchor(accountOf(1, "i", 0), ROOT, list, 0);
        vm.warp(block.timestamp + DIRECTORY_DELAY);
        require(directory.current("StatusRegistry") == address(right), "not in force");
        vm.prank(accountOf(1, "i", 0));
        require(right.openList(17) == list + 1, "another number");
    }

    function test_keysOfAnotherAreNotSquattedAndASuccessorVoidsNothing() public {
        deploy(4);
        admit(1);
        vm.prank(a(1));
        keys.addKey(KEY, 1);
        uint32 list = openList(1);
        bytes32 id = anchor(accountOf(1, "i", 0), ROOT, list, 0);
        IssuerRegistry next =
            new IssuerRegistry(address(alliance), address(operators), address(directory), address(registry));
        decide(3, address(directory), abi.encodeCall(IDirectory.set, ("IssuerRegistry", address(next), 1)));
        vm.warp(block.timestamp + DIRECTORY_DELAY);
        vm.prank(a(4));
        keys.addKey(KEY, 1);
        IKeys.Key memory key = keys.key(1, KEY_HASH);
        require(key.institution == 1 && key.since <= batches.batch(id).time, "history is void");
        vm.prank(accountOf(1, "s", 0));
        status.revoke(list, 7, 0); // the successor is empty
        anchor(accountOf(1, "i", 0), keccak256("another"), list, 1000);
    }

    function test_aStolenAdminUsesUpNoEntryThatRecoveryNeeds() public {
        deploy(2);
        uint256 key = keyOf(1, "n", 0);
        for (uint256 i = 0; i < 64; ++i) {
            hire(1, key + i, ISSUE);
            vm.prank(a(1));
            operators.retireOperator(vm.addr(key + i));
        }
        bytes memory signature = accept(key + 64, 1, ISSUE);
        bytes memory more = abi.encodeCall(IOperators.addOperator, (vm.addr(key + 64), ISSUE, NEVER, signature));
        refused(a(1), address(operators), more, IOperators.OperatorsBudgetSpent.selector);
        IControllers.Controllers memory set = controllers(1);
        set.admin[0] = accountOf(1, "a", 9);
        IControllers.Acceptance[] memory given = one(accept(keyOf(1, "a", 9), 1, ADMIN));
        vm.prank(set.recovery);
        operators.replaceControllers(1, set, given);
        vm.warp(block.timestamp + 10 days);
        operators.applyControllers(1, set);
        require(!operators.hasRole(a(1), 1, ADMIN), "the thief is in");
    }

    function test_aForgottenReplacementLapses() public {
        deploy(2);
        IControllers.Controllers memory set = controllers(1);
        set.govern[1] = accountOf(1, "g", 7);
        IControllers.Acceptance[] memory given = one(accept(keyOf(1, "g", 7), 1, GOVERN));
        vm.prank(a(1));
        operators.replaceControllers(1, set, given);
        vm.warp(block.timestamp + 3650 days);
        bytes memory late = abi.encodeCall(IControllers.applyControllers, (1, set));
        refused(address(0xBAD), address(operators), late, IControllers.ControllersReplacementLapsed.selector);
    }

    function test_anAcceptanceIsUsedOnce() public {
        deploy(2);
        uint256 key = keyOf(1, "n", 0);
        bytes memory signature = accept(key, 1, ISSUE);
        address officer = hire(1, key, ISSUE);
        vm.prank(a(1));
        operators.retireOperator(officer);
        bytes memory again = abi.encodeCall(IOperators.addOperator, (officer, ISSUE, NEVER, signature));
        refused(a(1), address(operators), again, IOperators.OperatorsAcceptanceInvalid.selector);
    }

    function test_oneStolenGovernKeyAtTwoMembersIsPutOut() public {
        deploy(2);
        address thief = accountOf(1, "g", 1);
        IControllers.Controllers memory set = controllers(1);
        set.govern[1] = accountOf(1, "g", 5);
        IControllers.Acceptance[] memory given = one(accept(keyOf(1, "g", 5), 1, GOVERN));
        vm.prank(thief);
        operators.freezeAdmin(a(1));
        vm.prank(a(1));
        operators.replaceTogether(1, set, given);
        vm.prank(g(1));
        operators.replaceTogether(1, set, given);
        vm.prank(thief);
        operators.cancelControllers(1, IControllers.Asker.Together); // one word of two
        vm.warp(block.timestamp + 2 days);
        operators.applyControllers(1, set);
        require(!operators.hasRole(thief, 1, GOVERN), "the thief is in");
    }

    function test_nobodyJoinsOrReplacesWithAccountsThatDidNotAccept() public {
        deploy(2);
        IControllers.Controllers memory dead;
        dead.govern = new address[](2);
        (dead.govern[0], dead.govern[1]) = (address(0xDEAD1), address(0xDEAD2));
        dead.admin = new address[](1);
        (dead.admin[0], dead.recovery) = (address(0xDEAD3), address(0xDEAD4));
        bytes4 reason = IOperators.OperatorsAcceptanceCount.selector;
        bytes memory data = abi.encodeCall(IControllers.createInstitution, (3, dead, none()));
        refusedToAll(address(operators), data, reason);
        data = abi.encodeCall(IControllers.replaceControllers, (2, dead, none()));
        refusedToAll(address(operators), data, reason);
    }

    function test_aLoweredThresholdPassesNothingThatHadFailed() public {
        deploy(5);
        uint256 lost = adopt(3, address(permissions), abi.encodeCall(IPermissions.setDeploy, (address(0xBAD), true)));
        vote(g(4), lost, false);
        decide(4, address(alliance), abi.encodeCall(IMembership.setThreshold, (51, 100)));
        alliance.recount(lost);
        require(alliance.tally(lost).need == 4 && state(lost) == IProposals.ProposalState.Open, "passed");
    }

    function test_aThiefAnchorsNothingInAColleaguesList() public {
        deploy(2);
        admit(1);
        uint32 list = openList(1);
        address thief = hire(1, keyOf(1, "n", 1), ISSUE);
        bytes memory first = abi.encodeCall(ICredentialBatches.anchor, (ROOT, 1000, list, 0, 1, 1));
        refused(thief, address(batches), first, IStatusLists.StatusRegistryNotHolder.selector);
        bytes memory garbage = abi.encodeCall(ICredentialBatches.anchor, (KEY, 1 << 17, list, 0, 1, 1));
        refused(thief, address(batches), garbage, IStatusLists.StatusRegistryNotHolder.selector);
        bytes32 id = anchor(accountOf(1, "i", 0), ROOT, list, 0);
        require(batches.batch(id).operatorIndex != 0, "not recorded");
    }

    function test_validatorsOfNoMemberAreRefused() public {
        deploy(4);
        bytes memory entry = abi.encodeCall(IValidators.setValidator, (KEY, 1, 900));
        refusedToAll(address(permissions), entry, IValidators.PermissionsNotMember.selector);
    }

    function test_theRecoveryAccountActsForNothingElseAndIsMarkedByTwoGovern() public {
        deploy(2);
        address recovery = accountOf(1, "r", 0);
        bytes memory signature = accept(keyOf(1, "r", 0), 1, ISSUE);
        bytes memory data = abi.encodeCall(IOperators.addOperator, (recovery, ISSUE, NEVER, signature));
        refused(a(1), address(operators), data, IControllers.ControllersRecoveryActs.selector);
        uint40 since = uint40(block.timestamp);
        IControllers.Acceptance memory next = one(accept(keyOf(1, "r", 1), 1, RECOVERY))[0];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(accountOf(1, "g", i));
            operators.markRecoveryCompromised(since, accountOf(1, "r", 1), next);
        }
        require(operators.recoveryOf(1) == accountOf(1, "r", 1), "not replaced");
        data = abi.encodeCall(IControllers.replaceControllers, (1, controllers(1), none()));
        refused(recovery, address(operators), data, IControllers.ControllersNotController.selector);
    }

    function test_theLastPeersStay() public {
        deploy(4);
        vm.prank(address(alliance));
        permissions.setPeer(bytes20(uint160(7)), true);
        bytes memory away = abi.encodeCall(IPeers.setPeer, (bytes20(uint160(7)), false));
        refusedToAll(address(permissions), away, IPeers.PermissionsTooFewPeers.selector);
    }

    function test_namesThatCannotBeSeenAreRefused() public {
        deploy(2);
        bytes[6] memory unseen = [bytes(hex"e281a0"), hex"c2ad", hex"e385a4", hex"e2808d", hex"f3a08181", hex"20"];
        for (uint256 i = 0; i < unseen.length; ++i) {
            bytes memory data = abi.encodeCall(IIssuerRegistry.register, (1, string(unseen[i]), bytes32(i + 1)));
            refusedToAll(address(registry), data, IIssuerRegistry.IssuerRegistryNameMalformed.selector);
        }
    }

    function test_aNameHasFewerVersionsThanVerifiersRead() public {
        deploy(1);
        for (uint256 version = 2; version <= 63; ++version) {
            address copy = address(new CredentialBatches(address(operators), address(directory)));
            vm.prank(address(alliance));
            directory.set("CredentialBatches", copy, 1);
            vm.warp(block.timestamp + DIRECTORY_DELAY);
        }
        address last = address(new CredentialBatches(address(operators), address(directory)));
        bytes memory data = abi.encodeCall(IDirectory.set, ("CredentialBatches", last, 1));
        refusedToAll(address(directory), data, IDirectory.DirectoryTooManyVersions.selector);
    }

    function test_noVoteMakesADelayTooShortToActWithin() public {
        deploy(1);
        bytes4 reason = IMembership.AllianceParameterOutOfBounds.selector;
        bytes32[3] memory names = [bytes32("controllerDelay"), "recoveryDelay", "directoryDelay"];
        for (uint256 i = 0; i < names.length; ++i) {
            refusedToAll(address(alliance), abi.encodeCall(IMembership.setParameter, (names[i], 1)), reason);
        }
        bytes memory data = abi.encodeCall(IMembership.setParameter, ("recoveryDelay", 2 days));
        refusedToAll(address(alliance), data, reason); // no longer than the controllers'
        data = abi.encodeCall(IMembership.setParameter, ("votingPeroid", 7 days));
        refusedToAll(address(alliance), data, IMembership.AllianceUnknownParameter.selector);
    }

    function test_aListFollowsItsHolderToAnotherEntry() public {
        deploy(2);
        admit(1);
        address officer = accountOf(1, "i", 0);
        uint32 list = openList(1);
        bytes32 id = anchor(officer, ROOT, list, 0);
        vm.prank(a(1));
        operators.retireOperator(officer);
        hire(1, keyOf(1, "i", 0), ISSUE);
        bytes memory again = abi.encodeCall(ICredentialBatches.anchor, (ROOT, 1000, list, 0, 1, 1));
        refused(officer, address(batches), again, ICredentialBatches.CredentialBatchesRecorded.selector);
        vm.prank(a(1));
        status.handOver(list, officer);
        require(anchor(officer, ROOT, list, 0) == id, "another batch");
    }
}
