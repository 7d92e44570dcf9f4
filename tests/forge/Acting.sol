// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IControllers} from "../../contracts/governance/IControllers.sol";
import {IProposals} from "../../contracts/governance/IProposals.sol";
import {IVotes} from "../../contracts/governance/IVotes.sol";
import {Suite} from "./Suite.sol";

/// @title What people of a founded alliance do, and what they are refused
abstract contract Acting is Suite {
    bytes32 private constant ACCEPTANCE =
        keccak256("Acceptance(address account,uint32 institution,uint16 roles,uint256 nonce,uint256 deadline)");
    bytes32 private constant VOTE =
        keccak256("Vote(uint256 proposal,bytes32 content,bool support,uint256 sequence,uint256 deadline)");
    uint16 internal constant GOVERN = 1;
    uint16 internal constant ISSUE = 2;
    uint16 internal constant ADMIN = 8;
    uint16 internal constant RECOVERY = 0;
    uint256 internal constant NEVER = type(uint256).max;
    bytes32 internal constant ROOT = keccak256("root");
    bytes32 internal constant DOCUMENT = keccak256("minutes");

    function g(uint32 i) internal pure returns (address) {
        return accountOf(i, "g", 0);
    }

    function a(uint32 i) internal pure returns (address) {
        return accountOf(i, "a", 0);
    }

    /// @dev That call by that account fails for that reason and no other.
    function refused(address by, address target, bytes memory data, bytes4 reason) internal {
        vm.prank(by);
        (bool isDone, bytes memory answer) = target.call(data);
        require(!isDone, "it worked");
        require(bytes4(answer) == reason, "another reason");
    }

    /// @dev The same for what a passed proposal would do.
    function refusedToAll(address target, bytes memory data, bytes4 reason) internal {
        refused(address(alliance), target, data, reason);
    }

    function propose(uint32 by, address target, bytes memory data) internal returns (uint256 id) {
        IProposals.Call[] memory calls = new IProposals.Call[](1);
        calls[0] = IProposals.Call(target, data);
        vm.prank(g(by));
        id = alliance.propose(calls, DOCUMENT);
    }

    function vote(address by, uint256 id, bool support) internal {
        vm.prank(by);
        alliance.vote(id, support);
    }

    /// @dev Institutions 1 … `voters` say yes; the delay passes; it is executed.
    function decide(uint32 voters, address target, bytes memory data) internal {
        uint256 id = adopt(voters, target, data);
        vm.warp(alliance.proposal(id).executableFrom);
        alliance.execute(id);
    }

    function adopt(uint32 voters, address target, bytes memory data) internal returns (uint256 id) {
        id = propose(1, target, data);
        for (uint32 i = 2; i <= voters; ++i) {
            vote(g(i), id, true);
        }
    }

    function state(uint256 id) internal view returns (IProposals.ProposalState) {
        return alliance.proposalState(id);
    }

    function controllers(uint32 i) internal pure returns (IControllers.Controllers memory set) {
        set.govern = new address[](2);
        (set.govern[0], set.govern[1]) = (g(i), accountOf(i, "g", 1));
        set.admin = new address[](1);
        (set.admin[0], set.recovery) = (a(i), accountOf(i, "r", 0));
    }

    function none() internal pure returns (IControllers.Acceptance[] memory) {
        return new IControllers.Acceptance[](0);
    }

    function one(bytes memory signature) internal pure returns (IControllers.Acceptance[] memory given) {
        given = new IControllers.Acceptance[](1);
        given[0] = IControllers.Acceptance(NEVER, signature);
    }

    function accept(uint256 key, uint32 institution, uint16 roles) internal view returns (bytes memory) {
        return acceptOn(ORIGIN, key, institution, roles);
    }

    function acceptOn(bytes32 origin, uint256 key, uint32 institution, uint16 roles)
        internal
        view
        returns (bytes memory)
    {
        uint256 nonce = operators.referenceOf(vm.addr(key)).nonce;
        bytes32 content = keccak256(abi.encode(ACCEPTANCE, vm.addr(key), institution, roles, nonce, NEVER));
        return signed(key, digest("Testamur Operators", address(operators), origin, content));
    }

    function signVote(uint256 key, uint256 id, bool support, uint256 sequence)
        internal
        view
        returns (IVotes.SignedVote memory given)
    {
        given = IVotes.SignedVote(id, alliance.proposal(id).content, support, sequence, NEVER, "");
        bytes32 content = keccak256(abi.encode(VOTE, id, given.content, support, sequence, NEVER));
        given.signature = signed(key, digest("Testamur Alliance", address(alliance), ORIGIN, content));
    }

    function hire(uint32 institution, uint256 key, uint16 roles) internal returns (address account) {
        account = vm.addr(key);
        bytes memory acceptance = accept(key, institution, roles);
        vm.prank(a(institution));
        operators.addOperator(account, roles, NEVER, acceptance);
    }

    function openList(uint32 institution) internal returns (uint32 list) {
        vm.prank(accountOf(institution, "i", 0));
        list = status.openList(17);
    }

    function anchor(address by, bytes32 root, uint32 list, uint32 first) internal returns (bytes32 id) {
        vm.prank(by);
        id = batches.anchor(root, 1000, list, first, 1, 1);
    }

    function signed(uint256 key, bytes32 digest_) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest_);
        return abi.encodePacked(r, s, v);
    }

    function digest(string memory name, address at, bytes32 origin, bytes32 content) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
                ),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                at,
                origin
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }
}
