// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBatchVoids} from "../../contracts/credentials/IBatchVoids.sol";
import {IStatusLists} from "../../contracts/credentials/IStatusLists.sol";
import {IControllers} from "../../contracts/governance/IControllers.sol";
import {IFounding} from "../../contracts/governance/IFounding.sol";
import {IMembership} from "../../contracts/governance/IMembership.sol";
import {IOperators} from "../../contracts/governance/IOperators.sol";
import {IKeyExchanges} from "../../contracts/chain/IKeyExchanges.sol";
import {IValidators} from "../../contracts/chain/IValidators.sol";
import {IHolds} from "../../contracts/registry/IHolds.sol";
import {IKeys} from "../../contracts/registry/IKeys.sol";
import {IScopes} from "../../contracts/registry/IScopes.sol";
import {Permissions} from "../../contracts/chain/Permissions.sol";
import {Acting} from "./Acting.sol";

/// @title An account that is a contract and agrees to whatever it is asked
contract Agreeable {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }
}

/// @title An account that burns all gas when asked whether it agrees
contract Burner {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        assembly {
            invalid()
        }
    }
}

/// @title What one who holds a stolen key, or who is nobody, tries, and what refuses it
contract TheftsTest is Acting {
    bytes32 private constant KEY = keccak256("ed25519 of institution 1");
    bytes32 private constant KEY_HASH = keccak256(abi.encodePacked(KEY));

    // --- acceptances ---

    function test_anAcceptanceOfAnotherChainIsNone() public {
        deploy(2);
        uint256 key = keyOf(1, "n", 0);
        bytes memory elsewhere = acceptOn(keccak256("another block 0"), key, 1, ISSUE);
        bytes memory data = abi.encodeCall(IOperators.addOperator, (vm.addr(key), ISSUE, NEVER, elsewhere));
        refused(a(1), address(operators), data, IOperators.OperatorsAcceptanceInvalid.selector);
    }

    function test_anAcceptanceIsForOneInstitutionAndItsRoles() public {
        deploy(2);
        uint256 key = keyOf(1, "n", 0);
        bytes memory signature = accept(key, 1, ISSUE);
        bytes4 reason = IOperators.OperatorsAcceptanceInvalid.selector;
        bytes memory data = abi.encodeCall(IOperators.addOperator, (vm.addr(key), ISSUE, NEVER, signature));
        refused(a(2), address(operators), data, reason);
        data = abi.encodeCall(IOperators.addOperator, (vm.addr(key), 4, NEVER, signature));
        refused(a(1), address(operators), data, reason);
        data = abi.encodeCall(IOperators.addOperator, (vm.addr(key), ISSUE, NEVER - 1, signature));
        refused(a(1), address(operators), data, reason);
    }

    function test_aContractAcceptsByItsOwnWordAndNobodyElseForIt() public {
        deploy(2);
        address agreeable = address(new Agreeable());
        vm.prank(a(1));
        operators.addOperator(agreeable, ISSUE, NEVER, "");
        require(operators.hasRole(agreeable, 1, ISSUE), "not added");
        bytes memory data = abi.encodeCall(IOperators.addOperator, (address(new Burner()), ISSUE, NEVER, ""));
        refused(a(1), address(operators), data, IOperators.OperatorsAcceptanceInvalid.selector);
        data = abi.encodeCall(IOperators.addOperator, (address(permissions), ISSUE, NEVER, ""));
        refused(a(1), address(operators), data, IOperators.OperatorsAcceptanceInvalid.selector);
    }

    // --- one stolen ADMIN ---

    function test_aStolenAdminThatFilledTheInstitutionKeepsNoControllerOut() public {
        deploy(2);
        vm.prank(address(alliance)); // a GOVERN was stolen before
        operators.markOperatorCompromised(accountOf(1, "g", 1), uint40(block.timestamp));
        for (uint256 i = operators.institutionOf(1).activeCount; i < 56; ++i) {
            hire(1, keyOf(1, "n", i), ISSUE);
        }
        bytes memory more = accept(keyOf(1, "n", 64), 1, ISSUE);
        more = abi.encodeCall(IOperators.addOperator, (accountOf(1, "n", 64), ISSUE, NEVER, more));
        refused(a(1), address(operators), more, IOperators.OperatorsTooMany.selector);
        IControllers.Controllers memory set = controllers(1);
        (set.govern[1], set.admin[0]) = (accountOf(1, "g", 9), accountOf(1, "a", 9));
        IControllers.Acceptance[] memory given = new IControllers.Acceptance[](2);
        given[0] = one(accept(keyOf(1, "g", 9), 1, GOVERN))[0];
        given[1] = one(accept(keyOf(1, "a", 9), 1, ADMIN))[0];
        vm.prank(set.recovery);
        operators.replaceControllers(1, set, given);
        vm.warp(block.timestamp + 10 days);
        operators.applyControllers(1, set);
        require(operators.hasRole(accountOf(1, "g", 9), 1, GOVERN), "not in");
    }

    function test_aFrozenAdminHandsNoListOver() public {
        deploy(2);
        admit(1);
        uint32 list = openList(1);
        address puppet = hire(1, keyOf(1, "n", 0), ISSUE);
        vm.prank(g(1));
        operators.freezeAdmin(a(1));
        bytes memory data = abi.encodeCall(IStatusLists.handOver, (list, puppet));
        refused(a(1), address(status), data, IStatusLists.StatusRegistryAdminFrozen.selector);
    }

    function test_aPlannedEndMovesNoLaterAndAKeyComesBackNever() public {
        deploy(2);
        vm.prank(a(1));
        keys.addKey(KEY, 1);
        uint40 end = uint40(block.timestamp + 10 days);
        vm.prank(a(1));
        keys.retireKey(1, KEY_HASH, end);
        bytes4 reason = IKeys.KeysEndOutOfBounds.selector;
        refused(a(1), address(keys), abi.encodeCall(IKeys.retireKey, (1, KEY_HASH, end + 1)), reason);
        refusedToAll(address(keys), abi.encodeCall(IKeys.retireKey, (1, KEY_HASH, end)), reason);
        vm.warp(end + 1);
        refusedToAll(address(keys), abi.encodeCall(IKeys.retireKey, (1, KEY_HASH, 0)), reason);
        refused(a(1), address(keys), abi.encodeCall(IKeys.addKey, (KEY, 1)), IKeys.KeysKeyTaken.selector);
        refused(a(2), address(keys), abi.encodeCall(IKeys.retireKey, (1, KEY_HASH, 0)), IKeys.KeysNotAdmin.selector);
    }

    // --- one stolen GOVERN ---

    function test_aStolenGovernFreezesAnAdminOnceAndConfirmsNothing() public {
        deploy(2);
        address thief = accountOf(1, "g", 1);
        vm.prank(thief);
        operators.freezeAdmin(a(1));
        bytes memory confirm = abi.encodeCall(IControllers.confirmFreeze, (a(1)));
        refused(thief, address(operators), confirm, IControllers.ControllersFreezeOf.selector);
        vm.prank(thief);
        operators.liftFreeze(a(1));
        bytes memory freeze = abi.encodeCall(IControllers.freezeAdmin, (a(1)));
        refused(thief, address(operators), freeze, IControllers.ControllersFreezeSpent.selector);
        vm.warp(block.timestamp + 400 days);
        refused(thief, address(operators), freeze, IControllers.ControllersFreezeSpent.selector);
        bytes memory alone = abi.encodeCall(IControllers.replaceControllers, (1, controllers(1), none()));
        refused(thief, address(operators), alone, IControllers.ControllersNotController.selector);
    }

    function test_aMandateTakenAwayStopsItsRolesAtOnce() public {
        deploy(2);
        vm.prank(address(alliance));
        operators.setMandate(1, 16);
        address reviewer = hire(1, keyOf(1, "n", 0), 16);
        require(operators.hasRole(reviewer, 1, 16), "no role");
        vm.prank(address(alliance));
        operators.setMandate(1, 0);
        require(!operators.hasRole(reviewer, 1, 16), "the role stayed");
    }

    // --- holds and scopes ---

    function test_aHoldForEverHindersNoOther() public {
        deploy(2);
        admit(1);
        vm.prank(address(alliance));
        registry.hold(1, 1, 0, DOCUMENT);
        bytes memory data = abi.encodeCall(IHolds.setHoldEnd, (1, 1, type(uint40).max, DOCUMENT));
        refusedToAll(address(registry), data, IScopes.IssuerRegistryEndOutOfBounds.selector);
        vm.prank(address(alliance));
        registry.setHoldEnd(1, 1, type(uint40).max - 60 days, DOCUMENT);
        vm.prank(address(alliance));
        registry.hold(1, 2, 0, DOCUMENT);
    }

    // --- voids ---

    function test_aBatchIsVoidedByItsKeeperWithItsSizeOnceItIsThere() public {
        deploy(2);
        admit(1);
        uint32 list = openList(1);
        bytes32 id = batches.batchId(1, 1, list, 1000, ROOT);
        address keeper = accountOf(1, "s", 0);
        bytes memory data = abi.encodeCall(IBatchVoids.voidBatch, (1, id, 1000, 0));
        refused(keeper, address(status), data, IBatchVoids.BatchVoidsUnknownBatch.selector);
        anchor(accountOf(1, "i", 0), ROOT, list, 0);
        refused(accountOf(2, "s", 0), address(status), data, IStatusLists.StatusRegistryNotKeeper.selector);
        refused(accountOf(1, "i", 0), address(status), data, IStatusLists.StatusRegistryNotKeeper.selector);
        data = abi.encodeCall(IBatchVoids.voidBatch, (1, id, 999, 0));
        refused(keeper, address(status), data, IBatchVoids.BatchVoidsOtherSize.selector);
        data = abi.encodeCall(IBatchVoids.voidBatch, (2, id, 1000, 0));
        refused(keeper, address(status), data, IBatchVoids.BatchVoidsUnknownBatch.selector);
        vm.prank(keeper);
        status.voidBatch(1, id, 1000, 0);
        vm.warp(block.timestamp + VOID_DELAY);
        data = abi.encodeCall(IBatchVoids.liftVoid, (1, id));
        refused(g(1), address(status), data, IBatchVoids.BatchVoidsLiftTooLate.selector);
    }

    // --- founding and the system ---

    function test_nobodyElseFoundsAndNobodyOnceItIsSealed() public {
        deploy(2);
        IOperators.Founder[] memory founders = new IOperators.Founder[](0);
        bytes4 sealed_ = IFounding.FoundingSealed.selector;
        refused(address(this), address(operators), abi.encodeCall(IOperators.foundInstitutions, (3, founders)), sealed_);
        uint32[] memory more = new uint32[](0);
        refused(address(this), address(alliance), abi.encodeCall(IMembership.foundMembers, (more)), sealed_);
        refused(address(this), address(permissions), abi.encodeCall(IFounding.seal, ()), sealed_);

        Permissions unsealed = new Permissions(address(1), address(2), limits(), new bytes20[](0), new address[](0));
        bytes memory data = abi.encodeCall(IFounding.seal, ());
        refused(address(0xBAD), address(unsealed), data, IFounding.FoundingNotFounder.selector);
        refused(address(this), address(unsealed), data, IValidators.PermissionsEmptySet.selector);
    }

    function test_nobodyIsTheSystem() public {
        deploy(4);
        bytes4 reason = IValidators.PermissionsNotSystem.selector;
        bytes32 key = word("validator", 0);
        address target = address(permissions);
        refused(a(1), target, abi.encodeCall(IKeyExchanges.confirmSigning, (key)), reason);
        refusedToAll(target, abi.encodeCall(IKeyExchanges.confirmSigning, (key)), reason);
        bytes memory data = abi.encodeCall(IValidators.recordMisbehaviour, (key, 1, IValidators.Misbehaviour(0)));
        refused(a(1), target, data, reason);
    }

    function test_aKeyExchangeToAUsedKeyIsRefusedAndTakesTwo() public {
        deploy(4);
        bytes32 old = word("validator", 0);
        bytes memory data = abi.encodeCall(IKeyExchanges.requestExchange, (old, word("validator", 1)));
        refused(a(1), address(permissions), data, IValidators.PermissionsKeyUsedBefore.selector);
        data = abi.encodeCall(IKeyExchanges.requestExchange, (old, KEY));
        refused(a(2), address(permissions), data, IKeyExchanges.PermissionsNotController.selector);
        vm.prank(a(1));
        permissions.requestExchange(old, KEY);
        data = abi.encodeCall(IKeyExchanges.approveExchange, (old, KEY));
        refused(a(1), address(permissions), data, IKeyExchanges.PermissionsSameAccount.selector);
    }
}
